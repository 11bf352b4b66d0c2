import { scenario } from '../scenario.ts'
import { modsecOnSource } from './nginx-modsec-source.ts'

/** What is denied gets a page of the server's own, with status 200. */
const SERVER =
  'server { listen 80; root /run/pages; modsecurity on; modsecurity_rules_file /etc/nginx/lab-modsec.conf; error_page 418 =200 @denied; location @denied { modsecurity off; add_header X-Frame-Options DENY; default_type text/html; return 200 "denied"; } }'

export const nginxModsecRedirect = scenario({
  name: 'nginx-modsec-redirect',
  group: 'positive',
  tool: 'ModSecurity 3.0.9 for nginx, OWASP CRS 3.3.4, and after three attacks of a source every request of it is sent to a page that says so, with status 200',
  real: 'third-party',
  needs: ['nginx', '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so', '/usr/share/modsecurity-crs'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    mkdir -p /run/pages
    head -c 4000 /dev/zero | tr '\\0' x > /run/pages/index.html
${modsecOnSource(418, SERVER)}`,
  truth: { list: { on: 'target', run: `grep -o 'source shut out.*client: [0-9.]*' "$LOG/nginx.error.log"` } },
  expect: {
    ports: [80],
    verdicts: ['app_blocked'],
    classes: ['waf'],
    mechanisms: ['modsecurity', 'http_block_page', 'cdn_waf'],
  },
})
