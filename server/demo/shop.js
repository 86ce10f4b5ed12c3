// The shop's only script: what a site owner writes to open the chat from a button of their own.
window.causette = window.causette || function () { (causette.q = causette.q || []).push(arguments); };

document.addEventListener('click', function (event) {
  if (event.target.closest('[data-chat]')) causette('open');
});
