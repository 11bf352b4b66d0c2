/**
 * `awake.ts GATEWAY SECONDS`: ten connects a second to a closed port of the gateway. On a veth line masscan's receiver sleeps until
 * packets come, and would miss answers: this keeps it fair. Nothing of it reaches the target.
 */
import { connect } from 'node:net'

const [gateway = '', seconds = '60'] = process.argv.slice(2)
setInterval(() => connect(9, gateway).on('error', () => {}), 100)
setTimeout(() => process.exit(), Number(seconds) * 1_000)
