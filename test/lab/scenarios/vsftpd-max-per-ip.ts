import { scenario } from '../scenario.ts'

export const vsftpdMaxPerIp = scenario({
  name: 'vsftpd-max-per-ip',
  group: 'positive',
  tool: 'vsftpd 3.0.3 max_per_ip=3, taken up by another scanner of the same address: 421',
  real: 'third-party',
  needs: ['vsftpd'],
  ports: '21,22,80',
  profile: 'accompany',
  accompanySeconds: 45,
  target: `
    listeners 22 80
    mkdir -p /run/vsftpd/empty
    cat > /etc/lab-vsftpd.conf <<V
listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
run_as_launching_user=NO
seccomp_sandbox=NO
secure_chroot_dir=/run/vsftpd/empty
xferlog_enable=YES
vsftpd_log_file=$LOG/vsftpd.log
max_clients=100
max_per_ip=3
V
    vsftpd /etc/lab-vsftpd.conf > "$LOG/vsftpd.out" 2>&1 &
    wait_ports 21
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    // Until the scan ends: a service that counts touches is looked at again only then, and loss makes a scan longer.
    for (let round = 0; round < 12; round++) await attack('hold', 21, 6, 12)
  },
  truth: { happened: { on: 'target', run: `grep -c 'too many sessions' "$LOG/vsftpd.log"`, fits: /[1-9]/ } },
  expect: {
    ports: [21],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection'],
    mechanisms: ['connection_count_limit'],
  },
})
