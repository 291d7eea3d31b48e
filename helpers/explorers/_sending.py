"""A file that is dropped on a panel with an upload, or pasted there, goes the way of an upload.

The page does it all, and Python hears of it as of any upload. A paste with the keys needs the focus
in the panel. The button is for where there are no keys, and the page may read the clipboard.
"""

import html

# The file input of a FileUpload is on no page: its button holds it, and clicks it. So the way to it
# is one such click, during which an input is found instead of opening its dialogue.
SEND = """
function inputOf(upload) {
  const click = HTMLInputElement.prototype.click;
  let input = null;
  HTMLInputElement.prototype.click = function () { input = this; };
  try {
    upload.click();
  } finally {
    HTMLInputElement.prototype.click = click;
  }
  return input;
}

function send(box, files) {
  const input = inputOf(box.closest('.cnn-explorer').querySelector('.widget-upload'));
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  input.files = all.files;
  input.dispatchEvent(new Event('change'));
}
"""

STYLE = """
.cnn-sending .widget-button { width: auto; }
.cnn-sending [hidden] { display: none !important; }
.cnn-explorer.cnn-dropping { outline: 3px dashed #0a5c99; outline-offset: -3px; }
"""

SCRIPT = (
    SEND
    + """
const box = this.closest('.cnn-sending'), panel = box.closest('.cnn-explorer');
const paste = box.querySelector('[data-part=paste]');
const words = box.querySelector('[data-part=words]');
const NONE = 'The clipboard holds no picture: copy one first.';

function take(event, files) {
  event.preventDefault();
  event.stopPropagation();  // nor does the notebook take it
  words.textContent = '';
  if (files.length) send(box, files);
  else words.textContent = 'That is no file: save the picture first, and drop its file.';
}

const brings = ({ dataTransfer: { types } }) =>  // not text for one of the inputs
  types.includes('Files') || types.includes('text/uri-list');
const ended = () => panel.classList.remove('cnn-dropping');
panel.addEventListener('dragover', event => {
  if (!brings(event)) return;
  event.preventDefault();
  event.stopPropagation();
  panel.classList.add('cnn-dropping');
});
panel.addEventListener('dragleave', event => {
  if (!panel.contains(event.relatedTarget)) ended();
});
panel.addEventListener('drop', event => {
  ended();
  if (brings(event)) take(event, event.dataTransfer.files);
});
panel.addEventListener('paste', event => {
  const { files } = event.clipboardData;
  if (files.length) take(event, files);
  else if (!event.target.matches('input')) words.textContent = NONE;
});

paste.hidden = !navigator.clipboard?.read;
paste.addEventListener('click', async event => {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find(type => type.startsWith('image/'));
      if (!type) continue;
      take(event, [new File([await item.getType(type)], 'clipboard.png', { type })]);
      return;
    }
    words.textContent = NONE;
  } catch (error) {
    words.textContent = `This page may not read the clipboard (${error.name}): allow it beside ` +
      'the address, or press Ctrl+V here, or upload a picture instead.';
  }
});
"""
)

# ``onload``, as in the page of a panel: a script in a widget's HTML would not be run.
SENDING = (
    '<div class="cnn-sending">'
    '<button type="button" class="jupyter-widgets jupyter-button widget-button" data-part="paste" '
    'hidden title="a picture that you have copied">paste</button> or drop a file here'
    '<div data-part="words" role="status"></div>'
    f'<style onload="{html.escape(SCRIPT)}">{STYLE}</style></div>'
)
