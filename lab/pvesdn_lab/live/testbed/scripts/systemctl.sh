#!/bin/bash
# `systemctl VERB frr` on a node of the lab, which has no systemd: starts what /etc/frr/daemons says, as frr.service does,
# but without watchfrr, which kills what takes more than 20 s to start, as everything may under emulation.
cd /
run=/run/frr
enabled=/etc/systemd/system/multi-user.target.wants/frr.service
words=()
for word in "$@"; do
    case $word in --now) now=yes ;; -*) ;; *) words+=("${word%.service}") ;; esac
done
verb=${words[0]:-} unit=${words[1]:-}
if [ "$unit" != frr ]; then
    echo "Unit $unit could not be found." >&2
    exit 4
fi

daemons() {
    local daemon
    . /etc/frr/daemons
    for daemon in zebra mgmtd staticd bgpd bfdd vrrpd ospfd ospf6d isisd fabricd pimd; do
        case $daemon in
            zebra | mgmtd | staticd) if [ -x /usr/lib/frr/$daemon ]; then echo $daemon; fi ;;
            *) if [ "${!daemon:-no}" = yes ]; then echo $daemon; fi ;;
        esac
    done
}

is_alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

start() {
    local daemon options
    . /etc/frr/daemons
    for daemon in $(daemons); do
        options=${daemon}_options
        # shellcheck disable=SC2086 # options are words
        is_alive $run/$daemon.pid || /usr/lib/frr/$daemon -d ${!options:-} || return 1
    done
    vtysh -b
}

stop() {
    local file left
    for file in $run/*.pid; do if is_alive "$file"; then kill "$(cat "$file")"; fi; done
    for _ in $(seq 600); do
        left=
        for file in $run/*.pid; do if is_alive "$file"; then left=yes; fi; done
        [ $left ] || break
        sleep 0.1
    done
    rm -f $run/*.pid $run/*.vty
}

case $verb in
    start) start ;;
    stop) stop ;;
    restart)
        stop
        start
        ;;
    is-active) is_alive $run/zebra.pid ;;
    is-enabled) [ -e $enabled ] ;;
    enable)
        mkdir -p "${enabled%/*}"
        touch $enabled
        if [ "${now:-}" ]; then start; fi
        ;;
    disable) rm -f $enabled ;;
    *)
        echo "Unknown command verb $verb." >&2
        exit 1
        ;;
esac
