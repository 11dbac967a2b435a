#!/bin/bash
# Becomes systemd, as process 1 of namespaces: a node of its own in everything that the node program touches.
#
#   boot.sh DISK CHECKOUT
#
# DISK keeps /etc and /var/lib/pvesdn over reboots. Without a /tmp of its own, systemd would wipe the machine's; CHECKOUT
# may lie there, and is seen as before.
set -euo pipefail
disk=$1 checkout=$2
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$disk/etc,workdir=$disk/work" /etc
mkdir -p /var/lib/pvesdn
mount --bind "$disk/state" /var/lib/pvesdn
mount --bind "$disk/sbin" /usr/local/sbin
mount -t tmpfs tmpfs /run
mkdir /run/checkout
mount --bind "$checkout" /run/checkout
for folder in /tmp /var/tmp /var/log /var/lib/systemd; do mount -t tmpfs tmpfs "$folder"; done
if [ ! -e "$checkout" ]; then
    mkdir -p "$checkout"
    mount --bind /run/checkout "$checkout"
fi
# Only what /etc wants is started, and nothing of the machine's own units.
for target in sysinit timers sockets basic local-fs; do
    folder=/usr/lib/systemd/system/$target.target.wants
    if [ -d $folder ]; then mount -t tmpfs tmpfs $folder; fi
done
mount -t proc proc /proc
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/{systemd,unified}
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
touch /run/console
mount --bind /run/console /dev/console
exec env -i container=lxc PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=lab.target
