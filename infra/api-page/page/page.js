const name = location.pathname.endsWith('/operator') ? 'operator' : 'public'
const link = document.querySelector(name === 'operator' ? 'nav a:last-child' : 'nav a:first-child')
link.setAttribute('aria-current', 'page')

const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()

SwaggerUIBundle({
  url: `/docs/${name}.json`,
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Requests to the gateway would be of another origin, with tokens on a page for reading.
  supportedSubmitMethods: [],
  validatorUrl: null
})
