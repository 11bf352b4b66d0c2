import { scenario } from '../scenario.ts'

/** nginx with ModSecurity: after three attacks of a source each request of it is denied with `status`; `server` is its configuration. */
export const modsecOnSource = (status: number, server: string): string => `
    listeners 22
    {
      grep -vE '^(SecUnicodeMapFile|SecRuleEngine|SecAuditLog)' /etc/nginx/modsecurity.conf
      cat <<'M'
SecRuleEngine On
SecAuditEngine Off
SecDebugLogLevel 0
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
SecAction "id:1000,phase:1,nolog,pass,initcol:ip=%{REMOTE_ADDR}"
SecRule IP:ATTACKS "@ge 3" "id:1001,phase:1,deny,status:${status},log,msg:'source shut out'"
SecRule TX:ANOMALY_SCORE "@ge 5" "id:1002,phase:5,nolog,pass,setvar:ip.attacks=+1"
M
    } > /etc/nginx/lab-modsec.conf
    nginx_server <<< '${server}'
  `

export const nginxModsecSource = scenario({
  name: 'nginx-modsec-source',
  group: 'positive',
  tool: 'ModSecurity 3.0.9 for nginx, OWASP CRS 3.3.4, and after three attacks of a source every request of it gets 403',
  real: 'third-party',
  needs: ['nginx', '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so', '/usr/share/modsecurity-crs'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: modsecOnSource(
    403,
    'server { listen 80; modsecurity on; modsecurity_rules_file /etc/nginx/lab-modsec.conf; }',
  ),
  truth: { list: { on: 'target', run: `grep -o 'source shut out.*client: [0-9.]*' "$LOG/nginx.error.log"` } },
  expect: {
    ports: [80],
    verdicts: ['app_blocked'],
    classes: ['waf'],
    mechanisms: ['modsecurity', 'http_block_page'],
  },
})
