// Moves the result of a login at another provider from the fragment of the address into a form.

const form = document.querySelector('form[data-takes-result]')
const { hash, pathname } = location

if (form === null) {
  // Another site has led the browser here, so cookies with SameSite=Strict come with the next page.
  location.replace(`complete-sign-in${hash}`)
} else {
  const result = new URLSearchParams(hash.slice(1))
  // The code stays in no history.
  history.replaceState(null, '', pathname)
  for (const name of ['code', 'error']) form.elements[name].value = result.get(name) ?? ''
  form.submit()
}
