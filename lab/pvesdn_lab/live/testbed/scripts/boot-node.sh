#!/bin/bash
# Becomes a node: process 1 of new network, mount, UTS, IPC and PID namespaces.
#
#   boot-node.sh NAME DISK LAYERS CLUSTER
#
# DISK keeps the node's own /etc, /var and /root over reboots. LAYERS are the folders that make up /usr, topmost first; the
# machine's own is the last. CLUSTER is the folder that stands for the cluster file system. Nothing else of the machine is to be seen in a node.
set -euo pipefail
name=$1 disk=$2 layers=$3 cluster=$4
root=$disk/mnt
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount --make-rprivate /
mkdir -p "$root"
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
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
hostname "$name"
cd "$root"
pivot_root . before
umount -l /before
rmdir /before
cd /

mkdir -p /run/frr /run/network /run/lock /run/sshd
chown frr:frr /run/frr
ip link set lo up
# The kernel's own defaults with Debian's rp_filter: a new namespace would take over what the machine has.
for switch in ipv4/ip_forward=0 ipv4/conf/all/rp_filter=2 ipv4/conf/default/rp_filter=2 ipv6/conf/all/forwarding=0 ipv6/conf/default/accept_dad=0; do
    echo "${switch#*=}" >"/proc/sys/net/${switch%=*}" || true
done
touch /run/booted
# Process 1 reaps what daemons leave behind.
while :; do
    sleep 1d &
    wait $!
done
