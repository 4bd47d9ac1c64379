/**
 * Headers with which a proxy tells a platform or a framework who the client is, what it requested,
 * or how it connected. Software behind such a proxy trusts them, so they must not come from a
 * client. Each name, in lower case and with dashes, stands for itself and for every name that
 * continues it after a dash: `x-forwarded` also stands for `x-forwarded-for`. The list omits
 * headers that ordinary clients, and proxies on their side, do send: `via`, `cdn-loop` and
 * `max-forwards` (RFC 9110 §7.6, RFC 8586), `x-requested-with`, trace context, `x-amz-*` and
 * `x-goog-*` of signed requests, and headers of applications such as `x-client-version`.
 */
const namesBySource: Readonly<Record<string, readonly string[]>> = {
  'CGI: HTTP_PROXY (httpoxy, CVE-2016-5385)': ['proxy'],
  'RFC 7239 and what it replaced; oauth2-proxy, Traefik, Envoy: x-forwarded-*': [
    'forwarded',
    'x-forwarded'
  ],
  'RFC 9440': ['client-cert'],

  // A path, method or host other than that of the request line.
  'IIS URL Rewrite, Symfony (CVE-2018-14773), ASP.NET Core, ingress-nginx': [
    'x-original',
    'x-rewrite'
  ],
  'Rack, Symfony, Spring, Express method-override': ['x-http-method', 'x-method-override'],
  'Host header attacks (PortSwigger); Tomcat connectors': [
    'x-host',
    'x-http-host',
    'x-request-uri'
  ],
  'Gunicorn forwarder_headers, ingress-nginx, WSGI': [
    'path-info',
    'script-name',
    'x-scheme',
    'x-script-name',
    'x-url-scheme'
  ],
  'Rack::Sendfile (CVE-2025-61780)': ['x-accel', 'x-sendfile'],
  'Next.js (CVE-2025-29927), also in the minimal mode that trusts its platform': [
    'x-invoke',
    'x-matched-path',
    'x-middleware',
    'x-now-route-matches'
  ],
  'Edge Side Includes (Symfony HttpCache)': ['surrogate-capability'],

  // The client's address.
  'nginx, request-ip, Rails, PHP frameworks': [
    'client-ip',
    'true-client-ip',
    'x-client-ip',
    'x-cluster-client-ip',
    'x-forward-for',
    'x-originating-ip',
    'x-proxyuser-ip',
    'x-real'
  ],
  'CDNs: Akamai, Alibaba, CloudFront, Cloudflare, EdgeOne, Fastly, Imperva, Sucuri': [
    'akamai',
    'ali-cdn',
    'cdn-real-ip',
    'cdn-src-ip',
    'cf',
    'cloudfront',
    'eo-client-ip',
    'eo-connecting-ip',
    'fastly',
    'incap-client-ip',
    'x-akamai',
    'x-sucuri'
  ],

  // Platforms, each with its own names for address, host, TLS and caller.
  'App Engine, Cloud Run, Cloud Endpoints, API Gateway, IAP': [
    'x-apigateway-api-userinfo',
    'x-appengine',
    'x-cloudscheduler',
    'x-cloudtasks',
    'x-endpoint-api-userinfo',
    'x-goog-authenticated-user',
    'x-goog-iap'
  ],
  'AWS load balancers and API Gateway: x-amzn-oidc-*, x-amzn-mtls-*, x-amzn-tls-*': ['x-amzn'],
  'Azure App Service, Front Door, Application Request Routing; ASP.NET Core Module': [
    'disguised-host',
    'ms-aspnetcore',
    'was-default-hostname',
    'x-appservice',
    'x-arr',
    'x-azure',
    'x-fd',
    'x-ms-client-principal',
    'x-ms-token',
    'x-site-deployment-id',
    'x-waws'
  ],
  'Cloud Foundry, DigitalOcean, Fly.io, Netlify, Vercel': [
    'do-connecting-ip',
    'fly',
    'x-cf',
    'x-nf',
    'x-vercel'
  ],
  'Envoy, Istio, Linkerd: also where and how often to send a request': [
    'l5d',
    'x-envoy',
    'x-istio'
  ],
  'Java servers: WebLogic and Oracle HTTP Server (WL-Proxy-Client-IP)': ['wl-proxy'],

  // TLS and the client's certificate.
  'Tomcat SSLValve, Keycloak, ingress-nginx (ssl-client-*), HAProxy and F5 (x-ssl-*)': [
    'front-end-https',
    'ssl',
    'x-client-cert',
    'x-client-dn',
    'x-client-verify',
    'x-ssl',
    'x-tls'
  ],

  // The caller, from a proxy that has authenticated it.
  'CGI, Authelia, Kubernetes aggregation (x-remote-*)': ['remote', 'x-remote'],
  'Authentik, Grafana, Loki, Mimir, Pomerium, Red Hat, Tailscale, Teleport, Vouch, WSO2': [
    'tailscale',
    'teleport-jwt-assertion',
    'x-authentik',
    'x-jwt-assertion',
    'x-pomerium',
    'x-rh-identity',
    'x-scope-orgid',
    'x-vouch',
    'x-webauth'
  ],
  'Kong and APISIX': [
    'x-anonymous-consumer',
    'x-authenticated',
    'x-consumer',
    'x-credential',
    'x-id-token',
    'x-userinfo'
  ],
  'grpc-gateway: Authorization and other headers of its own request': ['grpcgateway'],
  'CAS, mod_auth_mellon, mod_auth_openidc, Oracle, Shibboleth, SiteMinder, WebSEAL': [
    'cas-user',
    'eppn',
    'iv-creds',
    'iv-groups',
    'iv-remote-address',
    'iv-user',
    'mellon',
    'oam',
    'oidc',
    'osso',
    'shib',
    'sm'
  ]
}

const names: ReadonlySet<string> = new Set(Object.values(namesBySource).flat())
const LONGEST = Math.max(...[...names].map((name) => name.length))

/**
 * The private headers of WebSphere's plug-ins, such as `$WSRU` (the user), with a dollar sign or an
 * underscore.
 */
const WEBSPHERE = '-ws'

/**
 * Whether some software trusts a header because a proxy usually writes it.
 * @param folded its name, as `foldedName` returns it
 */
export function isBelieved(folded: string): boolean {
  if (names.has(folded) || folded.startsWith(WEBSPHERE)) return true
  for (
    let end = folded.indexOf('-');
    end >= 0 && end <= LONGEST;
    end = folded.indexOf('-', end + 1)
  ) {
    if (names.has(folded.slice(0, end))) return true
  }
  return false
}
