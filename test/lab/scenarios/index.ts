import type { Scenario } from '../scenario.ts'
import { apacheEvasive } from './apache-evasive.ts'
import { crowdsecHttp } from './crowdsec-http.ts'
import { crowdsecScan } from './crowdsec-scan.ts'
import { ctlBurstOutage } from './ctl-burst-outage.ts'
import { ctlF2bQuiet } from './ctl-f2b-quiet.ts'
import { ctlHostDown } from './ctl-host-down.ts'
import { ctlHostReboot } from './ctl-host-reboot.ts'
import { ctlLbOneDead } from './ctl-lb-one-dead.ts'
import { ctlLoss1 } from './ctl-loss-1.ts'
import { ctlLoss5 } from './ctl-loss-5.ts'
import { ctlLoss20 } from './ctl-loss-20.ts'
import { ctlMariadbWatched } from './ctl-mariadb-watched.ts'
import { ctlOverload } from './ctl-overload.ts'
import { ctlPathOutage } from './ctl-path-outage.ts'
import { ctlPhantom } from './ctl-phantom.ts'
import { ctlRouterDown } from './ctl-router-down.ts'
import { ctlScannerAllowlisted } from './ctl-scanner-allowlisted.ts'
import { ctlServiceRestart } from './ctl-service-restart.ts'
import { ctlServiceStopped } from './ctl-service-stopped.ts'
import { ctlSlowHost } from './ctl-slow-host.ts'
import { ctlStaticFilter } from './ctl-static-filter.ts'
import { ctlUnfitProbe } from './ctl-unfit-probe.ts'
import { f2bApacheModsecurity } from './f2b-apache-modsecurity.ts'
import { f2bDovecot } from './f2b-dovecot.ts'
import { f2bPostfix } from './f2b-postfix.ts'
import { f2bSshdAllportsDrop } from './f2b-sshd-allports-drop.ts'
import { f2bSshdReject } from './f2b-sshd-reject.ts'
import { f2bSshdTcpReset } from './f2b-sshd-tcp-reset.ts'
import { geoCountryBefore } from './geo-country-before.ts'
import { geoCountryMidscan } from './geo-country-midscan.ts'
import { haproxyConnReject } from './haproxy-conn-reject.ts'
import { haproxyHttp429 } from './haproxy-http-429.ts'
import { haproxySilentDrop } from './haproxy-silent-drop.ts'
import { haproxyTarpit } from './haproxy-tarpit.ts'
import { hostsDeny } from './hosts-deny.ts'
import { iptablesConnlimit } from './iptables-connlimit.ts'
import { iptablesHashlimit } from './iptables-hashlimit.ts'
import { iptablesPayloadFilter } from './iptables-payload-filter.ts'
import { mariadbConnectErrors } from './mariadb-connect-errors.ts'
import { mbxSynScrub } from './mbx-syn-scrub.ts'
import { nftHoneypot } from './nft-honeypot.ts'
import { nftPortscanDrop } from './nft-portscan-drop.ts'
import { nftPortscanProhibited } from './nft-portscan-prohibited.ts'
import { nftRangeBan } from './nft-range-ban.ts'
import { nftSelfRenewing } from './nft-self-renewing.ts'
import { nftShortBan } from './nft-short-ban.ts'
import { nginxLimitReq429 } from './nginx-limit-req-429.ts'
import { nginxLimitReq444 } from './nginx-limit-req-444.ts'
import { nginxLimitReq503 } from './nginx-limit-req-503.ts'
import { nginxModsecCrsDos } from './nginx-modsec-crs-dos.ts'
import { nginxModsecRedirect } from './nginx-modsec-redirect.ts'
import { nginxModsecSource } from './nginx-modsec-source.ts'
import { portsentry } from './portsentry.ts'
import { postfixClientRate } from './postfix-client-rate.ts'
import { postscreenDenylist } from './postscreen-denylist.ts'
import { providerNullRoute } from './provider-null-route.ts'
import { psad } from './psad.ts'
import { sshdMaxstartups } from './sshd-maxstartups.ts'
import { sshdPerSource } from './sshd-per-source.ts'
import { sshguard } from './sshguard.ts'
import { tigervncBlacklist } from './tigervnc-blacklist.ts'
import { vsftpdMaxPerIp } from './vsftpd-max-per-ip.ts'
import { xinetdPerSource } from './xinetd-per-source.ts'

/** All scenarios: the positive ones, then the controls. */
export const SCENARIOS: readonly Scenario[] = [
  apacheEvasive,
  crowdsecHttp,
  crowdsecScan,
  f2bApacheModsecurity,
  f2bDovecot,
  f2bPostfix,
  f2bSshdAllportsDrop,
  f2bSshdReject,
  f2bSshdTcpReset,
  geoCountryBefore,
  geoCountryMidscan,
  haproxyConnReject,
  haproxyHttp429,
  haproxySilentDrop,
  haproxyTarpit,
  hostsDeny,
  iptablesConnlimit,
  iptablesHashlimit,
  iptablesPayloadFilter,
  mariadbConnectErrors,
  mbxSynScrub,
  nftHoneypot,
  nftPortscanDrop,
  nftPortscanProhibited,
  nftRangeBan,
  nftSelfRenewing,
  nftShortBan,
  nginxLimitReq429,
  nginxLimitReq444,
  nginxLimitReq503,
  nginxModsecCrsDos,
  nginxModsecRedirect,
  nginxModsecSource,
  portsentry,
  postfixClientRate,
  postscreenDenylist,
  providerNullRoute,
  psad,
  sshdMaxstartups,
  sshdPerSource,
  sshguard,
  tigervncBlacklist,
  vsftpdMaxPerIp,
  xinetdPerSource,
  ctlBurstOutage,
  ctlF2bQuiet,
  ctlHostDown,
  ctlHostReboot,
  ctlLbOneDead,
  ctlLoss1,
  ctlLoss20,
  ctlLoss5,
  ctlMariadbWatched,
  ctlOverload,
  ctlPathOutage,
  ctlPhantom,
  ctlRouterDown,
  ctlScannerAllowlisted,
  ctlServiceRestart,
  ctlServiceStopped,
  ctlSlowHost,
  ctlStaticFilter,
  ctlUnfitProbe,
]
