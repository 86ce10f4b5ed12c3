// The queue that may stand before the loader, and a command that waits in it.
window.causette = window.causette || function () { (causette.q = causette.q || []).push(arguments); };
causette('update', { greeting: 'Pinned' });
