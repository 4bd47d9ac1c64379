// Moves the token of a letter from the fragment of the address into the form.

const input = document.querySelector('[data-takes-token]')
const MARK = '#token='

if (input !== null && location.hash.startsWith(MARK)) {
  input.value = location.hash.slice(MARK.length)
  // Not type="hidden": what people see must be what is sent.
  input.readOnly = true
  input.closest('.field').hidden = true
  // The same page in another language needs it too.
  for (const link of document.querySelectorAll('a[hreflang]')) link.hash = location.hash
  // The token stays in no history.
  history.replaceState(null, '', location.pathname + location.search)
}
