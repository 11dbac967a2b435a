#!/bin/bash
# What Debian's boot does once the network cards are there: the network, kernel settings, SSH, FRR where it is enabled.
cd /
ifreload -a
for file in /etc/sysctl.d/*.conf; do
    if [ -f "$file" ]; then sysctl -q -p "$file"; fi
done
if [ ! -s /run/sshd.pid ]; then /usr/sbin/sshd -f /etc/ssh/sshd_config; fi
if systemctl is-enabled -q frr; then systemctl start frr; fi
