import { missingOf } from '../needs.ts'
import type { Stage } from '../scenario.ts'

/** Another scanner that works from our scanner's address. */
export interface OtherScanner {
  name: string
  /** programs that it needs */
  needs: readonly string[]
  /** runs it to its end, bounded; what it printed */
  run(stage: Stage): Promise<string>
}

const LIMIT_S = 100

/** Services, versions and the default scripts, bound to the scanner's address. */
export const NMAP: OtherScanner = {
  name: 'nmap -sV',
  needs: ['nmap'],
  run: ({ inRole, scanner, target }) =>
    inRole(
      'scan',
      `timeout ${LIMIT_S} nmap -sV -sC -sT -Pn -n -S ${scanner} -e eth0 -p 1-1024 --host-timeout ${LIMIT_S - 10}s ${target} 2>&1 || true`,
    ),
}

const NIKTO: OtherScanner = {
  name: 'nikto',
  needs: ['nikto'],
  run: ({ inRole, target }) =>
    inRole('scan', `timeout ${LIMIT_S} nikto -host ${target} -port 80 -nointeractive -ask no 2>&1 || true`),
}

const SCRIPTED: OtherScanner = {
  name: 'HTTP attack run',
  needs: [],
  run: ({ attack }) => attack('site', 80, 1_000, 60),
}

/** nikto where it is (Debian's main part has none), else the harness's own attack run. */
export const webScanner = (): OtherScanner => (missingOf(NIKTO).length === 0 ? NIKTO : SCRIPTED)
