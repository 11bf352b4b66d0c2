import type { Scenario } from '../scenario.ts'

/** nginx that limits the requests of a source to `aMinute`, and `burst` at once; `status` is what more of them get, nginx's own without it. */
export const limitReq = (
  aMinute: number,
  burst: number,
  status?: number,
): Pick<Scenario, 'group' | 'real' | 'needs' | 'ports' | 'profile' | 'target' | 'truth'> => ({
  group: 'positive',
  real: 'third-party',
  needs: ['nginx'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    nginx_server <<'N'
limit_req_zone $binary_remote_addr zone=a:1m rate=${aMinute}r/m;
${status === undefined ? '' : `limit_req_status ${status};`}
server { listen 80; limit_req zone=a burst=${burst} nodelay; }
N
  `,
  truth: { list: { on: 'target', run: `grep -o 'limiting requests.*client: [0-9.]*' "$LOG/nginx.error.log"` } },
})
