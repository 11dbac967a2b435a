#!/bin/bash
# Becomes a node: process 1 of new network, mount, UTS, IPC and PID namespaces, and then systemd.
#
#   boot-node.sh NAME DISK LAYERS CLUSTER
#
# DISK keeps the node's own /etc, /var and /root over reboots. LAYERS are the folders that make up /usr, topmost first; the
# machine's own is the last. CLUSTER is the folder that stands for the cluster file system. Nothing else of the machine is
# to be seen in a node, and nothing that systemd does there reaches it: it has /dev, /run, /tmp and a control group of its
# own, and of the kernel's settings only those of its network are open. A line on standard input is the power switch.
set -euo pipefail
name=$1 disk=$2 layers=$3 cluster=$4
root=$disk/mnt
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount --make-rprivate /
mkdir -p "$root"

# A control group below the one that the lab is in. Another lab that clears up may take it away while it is empty.
mount -t cgroup2 cgroup2 "$root"
inode=$(readlink /proc/self/ns/net)
group=$root$(sed -n 's/^0:://p' /proc/self/cgroup)/pvesdn-lab-${inode//[^0-9]/}
for _ in 1 2 3; do
    mkdir -p "$group"
    if echo 1 2>/dev/null >"$group/cgroup.procs"; then break; fi
done
umount "$root"
grep -q "/${group##*/}$" /proc/self/cgroup

mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -p "$root"/{usr,etc,var,root,proc,sys,dev,run,tmp,before}
links=()
for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
    if [ -L $link ]; then links+=("$link"); fi
done
cp -a "${links[@]}" "$root/"
mount -t overlay overlay -o "lowerdir=$layers" "$root/usr"
for folder in etc var root; do mount --bind "$disk/$folder" "$root/$folder"; done
mkdir -p "$root/etc/pve"
mount -t tmpfs -o mode=755 tmpfs "$root/etc/pve"
mkdir "$root"/etc/pve/{sdn,nodes,priv}
for folder in sdn nodes priv; do mount --bind "$cluster/$folder" "$root/etc/pve/$folder"; done
ln -s "nodes/$name" "$root/etc/pve/local"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
cp -a /dev/{null,zero,full,random,urandom,tty} "$root/dev/"
if [ -e /dev/net ]; then cp -a /dev/net "$root/dev/"; fi
mkdir "$root"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
touch "$root/dev/console"

hostname "$name"
cd "$root"
pivot_root . before
umount -l /before
rmdir /before
cd /

# systemd-sysctl sets whatever Debian has in /usr/lib/sysctl.d, and systemd itself limits of the whole kernel.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /proc/sys/net /proc/sys/net
mount --rbind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id

mkdir -p /run/frr /run/network /run/lock
chown frr:frr /run/frr
# The kernel's own defaults with Debian's rp_filter: a new namespace would take over what the machine has.
for switch in ipv4/ip_forward=0 ipv4/conf/all/rp_filter=2 ipv4/conf/default/rp_filter=2 ipv6/conf/all/forwarding=0 ipv6/conf/default/accept_dad=0; do
    echo "${switch#*=}" >"/proc/sys/net/${switch%=*}" || true
done
read -r _
exec unshare --cgroup /bin/sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=lxc PATH="$PATH" /lib/systemd/systemd --system --show-status=no </dev/null'
