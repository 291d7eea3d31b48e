"""A camera button for a panel with an upload: a shot goes the very way of an uploaded file.

The page does it all, and Python hears of it as of any upload. Where the page has no camera, or may
not ask for one (a page that is neither https nor of this machine), there is no button.
"""

import html

from helpers.explorers._sending import SEND

NAME = "camera.jpg"  # of a shot, as the caption tells it

STYLE = """
.cnn-camera .widget-button { width: auto; }
.cnn-camera [hidden] { display: none !important; }
.cnn-camera video { display: block; width: 320px; max-width: 100%; margin-bottom: 4px; }
"""

# The camera is on only while its preview can be seen: a shot, "close", Escape, and a panel that
# leaves the page (its cell ran again, its notebook was closed) turn it off.
SCRIPT = (
    SEND
    + """
const box = this.closest('.cnn-camera');
const [start, preview, video, take, close, words] =
  ['start', 'preview', 'video', 'take', 'close', 'words'].map(
    name => box.querySelector(`[data-part=${name}]`));
const INSTEAD = 'Or upload a picture instead.';
let stream = null, asking = false, watch = 0;

function off() {
  clearInterval(watch);
  stream?.getTracks().forEach(track => track.stop());
  stream = video.srcObject = null;
  preview.hidden = true;
  start.hidden = false;
}

async function on() {
  if (asking || stream) return;
  asking = true;
  words.textContent = '';
  try {
    // On a phone the camera at the back; one camera is taken whatever it is.
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    watch = setInterval(() => box.isConnected || off(), 300);
    video.srcObject = stream;
    preview.hidden = false;
    await video.play();  // so that there is a picture to take
    start.hidden = true;
    take.focus();
  } catch (error) {
    off();
    words.textContent = (error.name === 'NotAllowedError')
      ? `This page was not allowed to use the camera: allow it beside the address. ${INSTEAD}`
      : `The camera gave no picture (${error.name}): does another program use it? ${INSTEAD}`;
  } finally {
    asking = false;
  }
}

function shoot() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext('2d').drawImage(video, 0, 0);
  canvas.toBlob(
    shot => send(box, [new File([shot], 'NAME', { type: shot.type })]), 'image/jpeg', 0.95);
  leave();
}

function leave() {
  off();
  start.focus();
}

start.addEventListener('click', on);
take.addEventListener('click', shoot);
close.addEventListener('click', leave);
preview.addEventListener('keydown', event => { if (event.key === 'Escape') leave(); });
navigator.mediaDevices?.enumerateDevices?.().then(devices => {
  start.hidden = !devices.some(device => device.kind === 'videoinput');
}, () => {});  // a browser that does not say which devices it has: no button
"""
).replace("NAME", NAME)

_BUTTON = '<button type="button" class="jupyter-widgets jupyter-button widget-button"'

# ``onload``, as in the page of a panel: a script in a widget's HTML would not be run.
CAMERA = (
    '<div class="cnn-camera">'
    f'{_BUTTON} data-part="start" hidden title="take a picture with the camera">camera</button>'
    '<div data-part="preview" hidden>'
    '<video data-part="video" aria-label="what the camera sees" muted playsinline></video>'
    f'{_BUTTON} data-part="take">take the picture</button>'
    f'{_BUTTON} data-part="close">close the camera</button></div>'
    '<div data-part="words" role="status"></div>'
    f'<style onload="{html.escape(SCRIPT)}">{STYLE}</style></div>'
)
