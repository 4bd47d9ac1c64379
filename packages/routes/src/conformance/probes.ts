import { identityHeader } from '@gatehouse/edge-headers/names'
import { framingProbes, framingProbesOfHttpTwo } from './framing-probes.ts'
import { newCanary, type Part, type Probe } from './probe.ts'
import { believedNames, spelledNames } from './spellings.ts'

const names = [...spelledNames, ...believedNames]
// A name in capitals is not a name in HTTP/2 (RFC 9113 §8.2.1).
const lowerCase = names.filter((name) => name === name.toLowerCase())

/** Every probe of a part; its canary is new each time. */
export const probesOf: Readonly<Record<Part, (echoRoute: string) => Probe[]>> = {
  'HTTP/1.1': (echoRoute) => [
    ...names.map(headerProbe),
    twice(),
    ...lines(),
    ...doctoredPaths(echoRoute)
  ],
  'HTTP/1.1 framing': framingProbes,
  'HTTP/2': (echoRoute) => [
    ...lowerCase.map(headerProbe),
    twice(),
    ...doctoredPaths(echoRoute),
    ...injections(echoRoute)
  ],
  'HTTP/2 framing': framingProbesOfHttpTwo,
  WebSocket: () => [...names.map(headerProbe), twice()]
}

function headerProbe(name: string): Probe {
  const canary = newCanary()
  return { title: name, canary, fields: [[name, canary]] }
}

const { subject, assertion } = identityHeader

/** A server may read the first of two headers, and a filter the second. */
function twice(): Probe {
  const canary = newCanary()
  return {
    title: `${subject}, twice`,
    canary,
    fields: [
      [subject, ''],
      [subject, canary]
    ]
  }
}

/** Header lines that only some parsers accept. */
function lines(): Probe[] {
  const of = (title: string, line: (canary: string) => string): Probe => {
    const canary = newCanary()
    return { title, canary, lines: [line(canary)] }
  }
  return [
    of('a space before the colon', (canary) => `${subject} : ${canary}`),
    of('a tab before the colon', (canary) => `${subject}\t: ${canary}`),
    of('a value on the next line', (canary) => `${subject}:\r\n ${canary}`),
    of('a line that ends with LF', (canary) => `x-filler: a\n${subject}: ${canary}`),
    of('a line that ends with CR', (canary) => `x-filler: a\r${subject}: ${canary}`),
    of('a control character in the name', (canary) => `\x0b${subject}: ${canary}`),
    trailer(),
    {
      title: `Connection: ${assertion}`,
      canary: newCanary(),
      lines: [`connection: ${assertion}, ${subject}`],
      removes: assertion
    }
  ]
}

function trailer(): Probe {
  const canary = newCanary()
  return {
    title: `${subject} in a trailer`,
    canary,
    method: 'PUT',
    lines: ['transfer-encoding: chunked', `trailer: ${subject}`],
    body: `1\r\na\r\n0\r\n${subject}: ${canary}\r\n\r\n`
  }
}

/** Paths that two servers may read differently. */
function doctoredPaths(echoRoute: string): Probe[] {
  const doctored = [
    '/../',
    '/./../',
    '/%2e%2e/',
    '/.%2e/',
    '/%2E%2E%2F',
    '%2f..%2f',
    '/..%5c',
    '/..;/',
    '/.;/',
    ';x=/../',
    '//../',
    '/%252e%252e/',
    '/x%00/../',
    '/x%0d%0a'
  ]
  return doctored.map((part) => {
    const canary = newCanary()
    return { title: `path ${echoRoute}${part}…`, canary, target: `${echoRoute}${part}${canary}` }
  })
}

/** What a translation to HTTP/1.1 may turn into another header. */
function injections(echoRoute: string): Probe[] {
  const inValue = newCanary()
  const inName = newCanary()
  const inPath = newCanary()
  return [
    {
      title: 'CR LF in a value',
      canary: inValue,
      fields: [['x-filler', `a\r\n${subject}: ${inValue}`]]
    },
    {
      title: 'CR LF in a name',
      canary: inName,
      fields: [[`x-filler: a\r\n${subject}`, inName]]
    },
    {
      title: 'CR LF in :path',
      canary: inPath,
      target: `${echoRoute}/ HTTP/1.1\r\n${subject}: ${inPath}\r\nx-filler: a`
    }
  ]
}
