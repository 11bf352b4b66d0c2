/** Web servers, proxies and firewalls of applications. */
import type { Case } from './case.ts'

const PAGE = { port: 80, kind: 'http', count: 0 } as const
const OK = /^HTTP\/1\.1 200 /
const ATTACK = '/?q=%3Cscript%3Ealert(1)%3C/script%3E'

export const WEB: readonly Case[] = [
  {
    format: 'nginx',
    defence: 'nginx, limit_req 2 requests a minute',
    checker: 'nginx -t',
    needs: ['nginx'],
    up: `
      mkdir -p /etc/nginx/conf.d; rm -f /etc/nginx/conf.d/*
      nginx_server <<'N'
include /etc/nginx/conf.d/*.conf;
limit_req_zone $binary_remote_addr zone=lab:1m rate=2r/m;
server { listen 80; limit_req zone=lab; limit_req_status 429; }
N`,
    allow: `
      cp "$ALLOW" /etc/nginx/conf.d/portwitness.conf
      sed -i 's/^limit_req_zone [^ ]*/limit_req_zone $portwitness_limit_key/' /etc/nginx/lab.conf
      nginx -s stop -c /etc/nginx/lab.conf; sleep 1
      nginx_start`,
    check: 'nginx -t -c /etc/nginx/lab.conf > "$LOG/t.out" 2>&1',
    try: { ...PAGE, count: 4 },
    through: OK,
  },
  {
    format: 'nginx-allow',
    defence: 'nginx, deny of the network',
    checker: 'nginx -t',
    needs: ['nginx'],
    up: `
      nginx_server <<'N'
server { listen 80; location / {
  deny 10.203.1.0/24;
} }
N`,
    allow: `
      cp "$ALLOW" /etc/nginx/portwitness.allow
      sed -i 's#^ *deny #include /etc/nginx/portwitness.allow;\\n&#' /etc/nginx/lab.conf
      nginx -s reload -c /etc/nginx/lab.conf; sleep 1`,
    check: 'nginx -t -c /etc/nginx/lab.conf > "$LOG/t.out" 2>&1',
    try: PAGE,
    through: OK,
  },
  {
    format: 'apache',
    defence: 'Apache 2.4, Require of another network',
    checker: 'apache2 -t',
    needs: ['apache2'],
    up: `
      apache_server <<'A'
<Location "/">
Require ip 127.0.0.1
</Location>
A`,
    allow: `
      cp "$ALLOW" /etc/apache2/portwitness.require
      sed -i 's#^Require ip 127.0.0.1#<RequireAny>\\nInclude /etc/apache2/portwitness.require\\n<RequireAll>\\n&\\n</RequireAll>\\n</RequireAny>#' /etc/apache2/lab.conf
      apache2 -f /etc/apache2/lab.conf -k graceful; sleep 1`,
    check: 'apache2 -f /etc/apache2/lab.conf -t > "$LOG/t.out" 2>&1',
    try: PAGE,
    through: OK,
  },
  {
    format: 'modsecurity2',
    defence: 'Apache with ModSecurity 2.9 and the Core Rule Set',
    checker: 'apache2 -t',
    needs: ['apache2', '/usr/lib/apache2/modules/mod_security2.so', '/usr/share/modsecurity-crs'],
    up: `
      mkdir -p /run/modsec; chmod 777 /run/modsec
      rm -f /etc/modsecurity/00-*
      apache_server <<A
LoadFile $(ls /usr/lib/*/libxml2.so.2 | head -1)
LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so
Include /etc/modsecurity/modsecurity.conf-recommended
SecDataDir /run/modsec
SecRuleEngine On
SecAuditEngine Off
IncludeOptional /etc/modsecurity/00-*.conf
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
A`,
    allow: `
      cp "$ALLOW" /etc/modsecurity/00-portwitness.conf
      apache2 -f /etc/apache2/lab.conf -k graceful; sleep 2`,
    check: 'apache2 -f /etc/apache2/lab.conf -t > "$LOG/t.out" 2>&1',
    try: { ...PAGE, text: ATTACK },
    through: OK,
  },
  {
    format: 'modsecurity3',
    defence: 'nginx with ModSecurity 3.0 and the Core Rule Set',
    checker: 'nginx -t',
    needs: ['nginx', '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so', '/usr/share/modsecurity-crs'],
    up: `
      {
        grep -vE '^(SecUnicodeMapFile|SecRuleEngine|SecAuditLog)' /etc/nginx/modsecurity.conf
        printf 'SecRuleEngine On\\nSecAuditEngine Off\\nSecDebugLogLevel 0\\n'
        printf 'Include /etc/modsecurity/crs/crs-setup.conf\\nInclude /usr/share/modsecurity-crs/rules/*.conf\\n'
      } > /etc/nginx/lab-modsec.conf
      nginx_server <<< 'server { listen 80; modsecurity on; modsecurity_rules_file /etc/nginx/lab-modsec.conf; }'`,
    allow: `
      cp "$ALLOW" /etc/nginx/portwitness-modsecurity.conf
      sed -i 's#^Include /etc/modsecurity/crs/crs-setup.conf#Include /etc/nginx/portwitness-modsecurity.conf\\n&#' /etc/nginx/lab-modsec.conf
      nginx -s reload -c /etc/nginx/lab.conf; sleep 2`,
    check: 'nginx -t -c /etc/nginx/lab.conf > "$LOG/t.out" 2>&1',
    try: { ...PAGE, text: ATTACK },
    through: OK,
  },
  {
    format: 'haproxy',
    defence: 'HAProxy, rejects above 3 connections a minute',
    checker: 'haproxy -c',
    needs: ['haproxy'],
    up: `
      listeners 8081
      haproxy_server <<'H'
frontend web
  bind :80
  stick-table type ip size 1k expire 2m store conn_rate(1m)
  tcp-request connection track-sc0 src
  tcp-request connection reject if { sc_conn_rate(0) gt 3 }
  default_backend own
backend own
  server own 127.0.0.1:8081
H
      HAPROXY=$!`,
    allow: `
      sed -i "/^ *bind :80/r $ALLOW" /etc/haproxy/lab.cfg
      kill $HAPROXY; wait $HAPROXY
      haproxy -db -f /etc/haproxy/lab.cfg > "$LOG/haproxy2.log" 2>&1 &
      wait_ports 80`,
    check: 'haproxy -c -f /etc/haproxy/lab.cfg > "$LOG/t.out" 2>&1',
    try: { ...PAGE, count: 5 },
    through: OK,
  },
  {
    format: 'caddy',
    defence: 'Caddy, 403 for everybody',
    checker: 'caddy validate',
    needs: ['caddy'],
    up: `
      mkdir -p /etc/caddy
      cat > /etc/caddy/Caddyfile <<'C'
{
	admin off
	auto_https off
}
:80 {
	@refused path *
	respond @refused 403
	respond "ok"
}
C
      export HOME=/root XDG_DATA_HOME=/run/caddy XDG_CONFIG_HOME=/run/caddy
      caddy run --config /etc/caddy/Caddyfile --adapter caddyfile > "$LOG/caddy.out" 2>&1 &
      CADDY=$!
      wait_ports 80`,
    allow: `
      cp "$ALLOW" /etc/caddy/portwitness.caddy
      sed -i 's#^:80 {#import /etc/caddy/portwitness.caddy\\n&\\n\\timport portwitness#; s/respond @refused/respond @not_portwitness/' /etc/caddy/Caddyfile
      kill $CADDY; wait $CADDY
      caddy run --config /etc/caddy/Caddyfile --adapter caddyfile > "$LOG/caddy2.out" 2>&1 &
      wait_ports 80`,
    check: 'caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile > "$LOG/t.out" 2>&1',
    try: PAGE,
    through: OK,
  },
  {
    format: 'squid',
    defence: 'Squid before a web server, http_access deny',
    checker: 'squid -k parse',
    needs: ['squid'],
    up: `
      listeners 8081
      mkdir -p /etc/squid/conf.d /var/log/squid /var/spool/squid; rm -f /etc/squid/conf.d/*
      chown -R proxy:proxy /var/log/squid /var/spool/squid
      cat > /etc/squid/squid.conf <<'S'
http_port 80 accel defaultsite=target.lab.test
cache_peer 127.0.0.1 parent 8081 0 no-query originserver name=own
pid_filename /run/squid.pid
cache deny all
shutdown_lifetime 1 seconds
include /etc/squid/conf.d/*.conf
http_access deny all
S
      printf '# none yet\\n' > /etc/squid/conf.d/empty.conf
      squid -N -f /etc/squid/squid.conf > "$LOG/squid.out" 2>&1 &
      wait_ports 80`,
    allow: `
      cp "$ALLOW" /etc/squid/conf.d/portwitness.conf
      squid -k reconfigure -f /etc/squid/squid.conf; sleep 2`,
    check:
      'squid -k parse -f /etc/squid/squid.conf > "$LOG/t.out" 2>&1 && ! grep -qE "ERROR|WARNING.*portwitness" "$LOG/t.out"',
    try: PAGE,
    through: OK,
  },
  {
    format: 'varnish',
    defence: 'Varnish, synth(403) for the network',
    checker: 'varnishd -C',
    needs: ['varnishd', 'gcc'],
    up: `
      listeners 8081
      mkdir -p /etc/varnish
      cat > /etc/varnish/lab.vcl <<'V'
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "8081"; }
acl shut { "10.203.1.0"/24; }
sub vcl_recv { if (client.ip ~ shut) { return (synth(403)); } }
V
      varnishd -F -a :80 -f /etc/varnish/lab.vcl -n /run/varnish-lab -s malloc,16m -j none > "$LOG/varnish.out" 2>&1 &
      VARNISH=$!
      wait_ports 80`,
    allow: `
      cp "$ALLOW" /etc/varnish/portwitness.vcl
      sed -i 's#^vcl 4.1;#&\\ninclude "/etc/varnish/portwitness.vcl";#' /etc/varnish/lab.vcl
      kill $VARNISH; wait $VARNISH
      varnishd -F -a :80 -f /etc/varnish/lab.vcl -n /run/varnish-lab -s malloc,16m -j none > "$LOG/varnish2.out" 2>&1 &
      wait_ports 80`,
    check: 'varnishd -C -f /etc/varnish/lab.vcl -n /run/varnish-check > "$LOG/t.out" 2>&1',
    try: PAGE,
    through: OK,
  },
]
