# The servers that are guarded. Each is the package's own program with a configuration of ours.

listeners() { # [--delay MS] PORT[=GREETING]…: well-behaved services of ours
  "$NODE" "$HERE/listeners.ts" "$@" > "$LOG/listeners.out" 2>&1 &
  echo $! > /run/listeners.pid
  [ "$1" = --delay ] && shift 2
  wait_ports "${@%%=*}"
}

mariadb_server() { # OPTION…: MariaDB on 3306, with an account that may come from anywhere
  mariadb-install-db --no-defaults --user=root --datadir=/var/lib/lab-mysql --auth-root-authentication-method=normal > "$LOG/db.out" 2>&1
  mariadbd --no-defaults --user=root --datadir=/var/lib/lab-mysql --socket=/run/lab.sock --bind-address=0.0.0.0 \
    --performance-schema=ON "$@" > "$LOG/mariadb.log" 2>&1 &
  wait_ports 3306
  mariadb -S /run/lab.sock -e "create user app@'%' identified by 'labsecret'"
}

ssh_server() { # OPTION…: OpenSSH on 22, logging through syslog to auth.log
  [ -S /run/log.sock ] || syslog
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/lab_key
  /usr/sbin/sshd -D -f /dev/null -h /etc/ssh/lab_key -p 22 -o UsePAM=no -o PidFile=none -o LogLevel=VERBOSE "$@" &
  wait_ports 22
}

certificate() {
  [ -s /etc/ssl/lab.pem ] && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=target.lab.test \
    -keyout /etc/ssl/lab.key -out /etc/ssl/lab.pem 2> /dev/null
  cat /etc/ssl/lab.key >> /etc/ssl/lab.pem
}

site() { # a small page to serve
  mkdir -p /var/www/html
  printf '<!doctype html><html><head><title>Lab</title></head><body><h1>It works</h1></body></html>\n' > /var/www/html/index.html
}

nginx_server() { # lines of its http block on standard input
  certificate
  site
  mkdir -p /var/log/nginx /var/lib/nginx
  {
    echo "user www-data; worker_processes 1; worker_rlimit_nofile 4096; pid /run/nginx.pid; daemon off;"
    echo "error_log $LOG/nginx.error.log info;"
    echo 'include /etc/nginx/modules-enabled/*.conf;'
    echo 'events { worker_connections 512; }'
    echo "http { access_log $LOG/nginx.access.log; default_type text/html; root /var/www/html; index index.html;"
    echo 'ssl_certificate /etc/ssl/lab.pem; ssl_certificate_key /etc/ssl/lab.key;'
    cat
    echo '}'
  } > /etc/nginx/lab.conf
  touch "$LOG/nginx.access.log" "$LOG/nginx.error.log"
  chmod 666 "$LOG"/nginx.*.log
  nginx_start
}
nginx_start() {
  nginx -c /etc/nginx/lab.conf > "$LOG/nginx.out" 2>&1 &
  wait_ports 80
}

apache_server() { # more configuration on standard input
  local modules=/usr/lib/apache2/modules name
  site
  mkdir -p /run/apache2 /var/lock/apache2
  touch /etc/apache2/mime.types
  {
    for name in mpm_event authz_core authz_host dir mime unique_id reqtimeout; do
      echo "LoadModule ${name}_module $modules/mod_$name.so"
    done
    cat <<A
ServerRoot /etc/apache2
ServerName target.lab.test
PidFile /run/apache2/lab.pid
Listen 80
User www-data
Group www-data
ErrorLog $LOG/apache.error.log
LogFormat "%h %l %u %t \"%r\" %>s %b" common
CustomLog $LOG/apache.access.log common
StartServers 1
ServerLimit 1
MaxRequestWorkers 64
ThreadsPerChild 64
DocumentRoot /var/www/html
<Directory /var/www/html>
Require all granted
</Directory>
A
    cat
  } > /etc/apache2/lab.conf
  apache2 -f /etc/apache2/lab.conf -DFOREGROUND > "$LOG/apache.out" 2>&1 &
  wait_ports 80
}

haproxy_server() { # configuration after global and defaults on standard input; stats socket at /run/haproxy.sock
  mkdir -p /var/lib/haproxy
  {
    printf 'global\n maxconn 2000\n log stdout format raw local0\n user haproxy\n group haproxy\n stats socket /run/haproxy.sock level admin\n'
    printf 'defaults\n mode http\n log global\n option httplog\n timeout connect 2s\n timeout client 20s\n timeout server 20s\n timeout tarpit 8s\n'
    cat
  } > /etc/haproxy/lab.cfg
  haproxy -db -f /etc/haproxy/lab.cfg > "$LOG/haproxy.log" 2>&1 &
  wait_ports 80
}
# Addresses whose counter COUNTER in the table of frontend NAME is above LIMIT right now.
haproxy_above() { # NAME COUNTER LIMIT
  echo "show table $1" | socat - UNIX-CONNECT:/run/haproxy.sock |
    sed -nE "s/.*key=([0-9.]+).* $2\([0-9]+\)=([0-9]+).*/\1 \2/p" | awk -v limit="$3" '$2 > limit { print $1 }'
}

postfix_server() { # NAME=VALUE… of main.cf; POSTSCREEN=1 puts postscreen in front
  syslog
  mkdir -p /etc/postfix /var/spool/postfix /var/lib/postfix
  {
    cat <<'P'
compatibility_level = 3.6
myhostname = target.lab.test
mydestination = localhost
inet_interfaces = all
inet_protocols = ipv4
smtpd_peername_lookup = no
alias_maps =
alias_database =
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
queue_directory = /var/spool/postfix
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = reject
local_recipient_maps =
P
    printf '%s\n' "$@"
  } > /etc/postfix/main.cf
  {
    if [ -n "${POSTSCREEN:-}" ]; then
      printf 'smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\ntlsproxy unix - - n - 0 tlsproxy\ndnsblog unix - - n - 0 dnsblog\n'
    else
      printf 'smtp inet n - n - - smtpd\n'
    fi
    cat <<'P'
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
error unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
local unix - n n - - local
P
  } > /etc/postfix/master.cf
  postfix -c /etc/postfix start > "$LOG/postfix.out" 2>&1
  wait_ports 25
}

dovecot_server() { # IMAP and POP3, logging through syslog to mail.log
  syslog
  certificate
  cat > /etc/dovecot/lab.conf <<'D'
protocols = imap pop3
listen = *
ssl = no
log_path = syslog
syslog_facility = mail
base_dir = /run/dovecot
login_greeting = ready
disable_plaintext_auth = no
mail_location = maildir:/root/Maildir
passdb {
  driver = static
  args = password=labpassword
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/root
}
D
  dovecot -c /etc/dovecot/lab.conf > "$LOG/dovecot.out" 2>&1
  wait_ports 110 143
}
