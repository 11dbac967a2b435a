#!/bin/bash
# Takes away the control groups of nodes that are off: when a lab ends, the kernel removes its namespaces with everything
# in them, but not these.
#
#   clear-groups.sh TENTHS
#
# TENTHS of a second are waited for groups in which something is still alive.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec unshare --mount bash -euo pipefail -s -- "$1" <<'IN_A_MOUNT_NAMESPACE_THAT_GOES_AT_ONCE'
shopt -s nullglob
mount -t cgroup2 cgroup2 /run
cd "/run$(sed -n 's/^0:://p' /proc/self/cgroup)"
for ((left = $1; left >= 0; left--)); do
    alive=
    for group in pvesdn-lab-*; do
        if grep -qs '^populated 1' "$group/cgroup.events"; then
            alive=yes
        else
            # Another lab may be at it too.
            find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        fi
    done
    if [ -z $alive ] || [ $left = 0 ]; then break; fi
    sleep 0.1
done
IN_A_MOUNT_NAMESPACE_THAT_GOES_AT_ONCE
