import { scenario } from '../scenario.ts'

export const nginxModsecCrsDos = scenario({
  name: 'nginx-modsec-crs-dos',
  group: 'positive',
  tool: 'ModSecurity 3.0.9 for nginx, OWASP CRS 3.3.4 DoS protection: 10 requests in 10 s, twice, then 403 for everything',
  real: 'third-party',
  needs: ['nginx', '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so', '/usr/share/modsecurity-crs'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    { grep -vE '^(SecUnicodeMapFile|SecRuleEngine|SecAuditLog)' /etc/nginx/modsecurity.conf
      echo 'SecRuleEngine On
SecAuditEngine Off
SecDebugLogLevel 0
Include /etc/modsecurity/crs/crs-setup.conf
SecAction "id:900700,phase:1,nolog,pass,t:none,setvar:'"'"'tx.dos_burst_time_slice=10'"'"',setvar:'"'"'tx.dos_counter_threshold=10'"'"',setvar:'"'"'tx.dos_block_timeout=600'"'"'"
Include /usr/share/modsecurity-crs/rules/*.conf'
    } > /etc/nginx/lab-modsec.conf
    nginx_server <<< 'server { listen 80; modsecurity on; modsecurity_rules_file /etc/nginx/lab-modsec.conf; }'
  `,
  truth: {
    list: { on: 'target', run: `grep -o 'denied with code 403.*id "912.*client: [0-9.]*' "$LOG/nginx.error.log"` },
  },
  expect: {
    ports: [80],
    verdicts: ['app_blocked', 'interfered'],
    classes: ['waf', 'ddos_protection'],
    mechanisms: ['modsecurity', 'http_block_page', 'http_rate_limit'],
  },
})
