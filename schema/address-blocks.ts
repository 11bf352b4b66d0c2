/**
 * Every block that is not the public internet: the IANA special-purpose registries for IPv4 and IPv6, multicast, class E,
 * and the addresses at which clouds serve credentials to their own machines. A row is [block, kind, name, source].
 *
 * `private`   may be scanned where the operator allowed it, by Worker and probe both
 * `special`   never: no host of its own, or one that hands out secrets
 * `embedding` never: carries another address inside, and would slip past a check of the outer one
 */
export type BlockKind = 'private' | 'special' | 'embedding'
export type BlockRow = readonly [block: string, kind: BlockKind, name: string, source: string]

/** iana.org/assignments/iana-ipv4-special-registry, and RFC 5771 for multicast */
const IPV4: readonly BlockRow[] = [
  ['0.0.0.0/8', 'special', '"this network"', 'RFC 791'],
  ['0.0.0.0/32', 'special', '"this host on this network"', 'RFC 1122'],
  ['10.0.0.0/8', 'private', 'private-use', 'RFC 1918'],
  ['100.64.0.0/10', 'private', 'shared address space of carriers', 'RFC 6598'],
  ['127.0.0.0/8', 'private', 'loopback', 'RFC 1122'],
  ['169.254.0.0/16', 'private', 'link-local', 'RFC 3927'],
  ['172.16.0.0/12', 'private', 'private-use', 'RFC 1918'],
  ['192.0.0.0/24', 'special', 'IETF protocol assignments', 'RFC 6890'],
  ['192.0.0.0/29', 'special', 'IPv4 service continuity', 'RFC 7335'],
  ['192.0.0.8/32', 'special', 'the IPv4 dummy address', 'RFC 7600'],
  ['192.0.0.9/32', 'special', 'port control protocol anycast', 'RFC 7723'],
  ['192.0.0.10/32', 'special', 'TURN anycast', 'RFC 8155'],
  ['192.0.0.170/32', 'special', 'NAT64/DNS64 discovery', 'RFC 8880'],
  ['192.0.0.171/32', 'special', 'NAT64/DNS64 discovery', 'RFC 8880'],
  ['192.0.2.0/24', 'special', 'documentation (TEST-NET-1)', 'RFC 5737'],
  ['192.31.196.0/24', 'special', 'AS112 name service', 'RFC 7535'],
  ['192.52.193.0/24', 'special', 'automatic multicast tunneling', 'RFC 7450'],
  ['192.88.99.0/24', 'special', '6to4 relay anycast (deprecated)', 'RFC 7526'],
  ['192.88.99.2/32', 'special', '6a44 relay anycast', 'RFC 6751'],
  ['192.168.0.0/16', 'private', 'private-use', 'RFC 1918'],
  ['192.175.48.0/24', 'special', 'AS112 direct delegation', 'RFC 7534'],
  ['198.18.0.0/15', 'special', 'benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'special', 'documentation (TEST-NET-2)', 'RFC 5737'],
  ['203.0.113.0/24', 'special', 'documentation (TEST-NET-3)', 'RFC 5737'],
  ['224.0.0.0/4', 'special', 'multicast', 'RFC 5771'],
  ['240.0.0.0/4', 'special', 'reserved (class E)', 'RFC 1112'],
  ['255.255.255.255/32', 'special', 'limited broadcast', 'RFC 919'],
]

/**
 * iana.org/assignments/iana-ipv6-special-registry. Outside 2000::/3 nothing is global unicast (RFC 4291 2.4): `::/0`
 * refuses what no narrower row names, and `2000::/3` lets the rest of the world pass.
 */
const IPV6: readonly BlockRow[] = [
  ['::/0', 'special', 'not global unicast', 'RFC 4291'],
  ['::/128', 'special', 'the unspecified address', 'RFC 4291'],
  ['::1/128', 'private', 'loopback', 'RFC 4291'],
  ['::/96', 'embedding', 'an IPv4-compatible address (deprecated)', 'RFC 4291'],
  ['::ffff:0:0/96', 'embedding', 'an IPv4-mapped address', 'RFC 4291'],
  ['::ffff:0:0:0/96', 'embedding', 'an IPv4-translated address', 'RFC 7915'],
  ['64:ff9b::/96', 'embedding', 'a NAT64 address', 'RFC 6052'],
  ['64:ff9b:1::/48', 'embedding', 'a local-use NAT64 address', 'RFC 8215'],
  ['100::/64', 'special', 'discard-only', 'RFC 6666'],
  ['100:0:0:1::/64', 'special', 'the dummy prefix', 'RFC 9780'],
  ['2001::/23', 'special', 'IETF protocol assignments', 'RFC 2928'],
  ['2001::/32', 'embedding', 'a Teredo address', 'RFC 4380'],
  ['2001:1::1/128', 'special', 'port control protocol anycast', 'RFC 7723'],
  ['2001:1::2/128', 'special', 'TURN anycast', 'RFC 8155'],
  ['2001:1::3/128', 'special', 'DNS-SD service registration anycast', 'RFC 9665'],
  ['2001:2::/48', 'special', 'benchmarking', 'RFC 5180'],
  ['2001:3::/32', 'special', 'automatic multicast tunneling', 'RFC 7450'],
  ['2001:4:112::/48', 'special', 'AS112 name service', 'RFC 7535'],
  ['2001:10::/28', 'special', 'ORCHID (deprecated)', 'RFC 4843'],
  ['2001:20::/28', 'special', 'ORCHIDv2', 'RFC 7343'],
  ['2001:30::/28', 'special', 'drone remote identification', 'RFC 9374'],
  ['2001:db8::/32', 'special', 'documentation', 'RFC 3849'],
  ['2002::/16', 'embedding', 'a 6to4 address', 'RFC 3056'],
  ['2620:4f:8000::/48', 'special', 'AS112 direct delegation', 'RFC 7534'],
  ['3fff::/20', 'special', 'documentation', 'RFC 9637'],
  ['5f00::/16', 'special', 'segment routing identifiers', 'RFC 9602'],
  ['fc00::/7', 'private', 'unique-local', 'RFC 4193'],
  ['fe80::/10', 'private', 'link-local', 'RFC 4291'],
  ['fec0::/10', 'special', 'site-local (deprecated)', 'RFC 3879'],
  ['ff00::/8', 'special', 'multicast', 'RFC 4291'],
]

/** Where cloud machines fetch their credentials: the prize of request forgery. From each provider's documentation. */
const METADATA: readonly BlockRow[] = [
  ['169.254.169.254/32', 'special', 'a cloud metadata service', 'AWS, Azure, Google, and others'],
  ['169.254.170.2/32', 'special', 'container task credentials', 'AWS ECS'],
  ['169.254.170.23/32', 'special', 'pod identity credentials', 'AWS EKS'],
  ['fd00:ec2::254/128', 'special', 'a cloud metadata service', 'AWS'],
  ['fd00:ec2::23/128', 'special', 'pod identity credentials', 'AWS EKS'],
  ['fd20:ce::254/128', 'special', 'a cloud metadata service', 'Google'],
  ['169.254.42.42/32', 'special', 'a cloud metadata service', 'Scaleway'],
  ['fd00:42::42/128', 'special', 'a cloud metadata service', 'Scaleway'],
  ['fe80::a9fe:a9fe/128', 'special', 'a cloud metadata service', 'OpenStack'],
  ['fd00:c1::a9fe:a9fe/128', 'special', 'a cloud metadata service', 'Oracle'],
  ['100.100.100.200/32', 'special', 'a cloud metadata service', 'Alibaba'],
  ['fd00:100::100:200/128', 'special', 'a cloud metadata service', 'Alibaba'],
  ['fd00:a9fe:a9fe::1/128', 'special', 'a cloud metadata service', 'Akamai (Linode)'],
  ['168.63.129.16/32', 'special', 'the platform address of virtual machines', 'Azure'],
]

export const BLOCK_ROWS: readonly BlockRow[] = [...IPV4, ...IPV6, ...METADATA]
/** Where IPv6 global unicast lives; rows narrower than this are exceptions inside it. */
export const IPV6_GLOBAL = '2000::/3'
