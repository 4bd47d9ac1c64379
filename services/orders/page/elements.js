/** The element with this id. */
export const byId = (id) => document.getElementById(id)

/** A new element. Text stays text: nothing from a response becomes markup. */
export function element(name, text = '', className = '') {
  const made = document.createElement(name)
  made.textContent = text
  made.className = className
  return made
}

export function row(...cells) {
  const made = document.createElement('tr')
  made.append(...cells)
  return made
}

export const button = (text, onClick) => {
  const made = element('button', text)
  made.type = 'button'
  made.addEventListener('click', onClick)
  return made
}

export const when = (time) =>
  new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
