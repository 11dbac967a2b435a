#!/bin/bash
# What Debian's boot does once the network cards are there: Open vSwitch where it is used, the network, kernel settings, SSH, FRR where it is enabled.
cd /
if grep -q '^\s*ovs_type' /etc/network/interfaces; then
    mkdir -p /run/openvswitch
    ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server /run/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --detach --pidfile --log-file=/dev/null
    ovs-vsctl --no-wait init
    /usr/lib/openvswitch-switch/ovs-vswitchd --detach --pidfile --log-file=/run/openvswitch/ovs-vswitchd.log
fi
ifreload -a
for file in /etc/sysctl.d/*.conf; do
    if [ -f "$file" ]; then sysctl -q -p "$file"; fi
done
if [ ! -s /run/sshd.pid ]; then /usr/sbin/sshd -f /etc/ssh/sshd_config; fi
if systemctl is-enabled -q frr; then systemctl start frr; fi
