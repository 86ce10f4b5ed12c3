// Notes what the page's policy refuses and what reaches its error handler, for the test to read.
window.violations = [];
window.failures = [];
addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
addEventListener('error', (event) => window.failures.push(event.message));
addEventListener('unhandledrejection', (event) => window.failures.push('rejected: ' + event.reason));
