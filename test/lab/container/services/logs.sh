# Where real daemons log to: syslog files and the packet log, in $LOG.

syslog() { # rsyslogd: auth.log, mail.log, daemon.log
  cat > /etc/rsyslog.lab.conf <<R
module(load="imuxsock" SysSock.Name="/run/log.sock" SysSock.RateLimit.Interval="0")
\$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
auth,authpriv.* $LOG/auth.log
mail.* $LOG/mail.log
daemon.*,user.*,local0.*,kern.*,syslog.* $LOG/daemon.log
R
  touch "$LOG/auth.log" "$LOG/mail.log" "$LOG/daemon.log"
  chmod 644 "$LOG"/*.log
  # /dev belongs to the machine: the container gets its own, with /dev/log
  mkdir -p "$OVERLAY/dev" && mount -t tmpfs -o mode=755,dev tmpfs "$OVERLAY/dev"
  local node
  for node in null zero full random urandom tty; do
    touch "$OVERLAY/dev/$node"
    mount --bind "/dev/$node" "$OVERLAY/dev/$node"
  done
  mkdir -p "$OVERLAY/dev/pts" "$OVERLAY/dev/shm"
  mount --bind /dev/pts "$OVERLAY/dev/pts" 2> /dev/null
  mount -t tmpfs tmpfs "$OVERLAY/dev/shm"
  ln -s /proc/self/fd "$OVERLAY/dev/fd"
  ln -s /proc/self/fd/0 "$OVERLAY/dev/stdin"
  ln -s /proc/self/fd/1 "$OVERLAY/dev/stdout"
  ln -s /proc/self/fd/2 "$OVERLAY/dev/stderr"
  ln -s /run/log.sock "$OVERLAY/dev/log"
  ln -s pts/ptmx "$OVERLAY/dev/ptmx"
  mount --rbind "$OVERLAY/dev" /dev || fail "/dev"
  rsyslogd -n -f /etc/rsyslog.lab.conf -i /run/rsyslogd.pid > "$LOG/rsyslogd.out" 2>&1 &
  wait_for test -S /run/log.sock
}

packet_log() { # NFLOG group 1, by ulogd2, to kern.log in the kernel's own words (LOG is mute outside the first namespace)
  local plugins
  plugins=$(dirname "$(ls /usr/lib/*/ulogd/ulogd_inppkt_NFLOG.so | head -1)")
  {
    echo "[global]"
    echo "logfile=\"$LOG/ulogd.log\""
    for part in inppkt_NFLOG raw2packet_BASE filter_IFINDEX filter_IP2STR filter_HWHDR filter_PRINTPKT output_LOGEMU; do
      echo "plugin=\"$plugins/ulogd_$part.so\""
    done
    echo "stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,mac2str1:HWHDR,print1:PRINTPKT,emu1:LOGEMU"
    printf '[log1]\ngroup=1\nnetlink_socket_buffer_size=2000000\n[emu1]\nfile="%s/ulog.raw"\nsync=1\n' "$LOG"
  } > /etc/ulogd.lab.conf
  : > "$LOG/ulog.raw"
  : > "$LOG/kern.log"
  ulogd -c /etc/ulogd.lab.conf > "$LOG/ulogd.out" 2>&1 &
  (tail -n +1 -F "$LOG/ulog.raw" 2> /dev/null |
    sed -u 's/^\([A-Z][a-z][a-z] *[0-9]* [0-9:]*\) [^ ]* */\1 target kernel: [1.0] /' >> "$LOG/kern.log") &
  sleep 0.7
}
