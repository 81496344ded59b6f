// PhantomJS 1.9.8 on the server's own page: phantomjs phantom_page.js HOST:PORT
//
// Checks that the embedded page works in a browser of the old drafts: it opens, shows its draft
// (hixie-76), sends a message, shows the echo, closes, and connects again.
//
// The last line printed is PASS or FAIL; the exit code matches. ECMAScript 3 only.

var TIMEOUT_MILLISECONDS = 30000;
var POLL_MILLISECONDS = 50;
var TEXT = 'h\u00e9llo \u20ac';
var address = require('system').args[1];
var page = require('webpage').create();

function finish(failure) {
  console.log(failure ? 'FAIL ' + failure : 'PASS');
  phantom.exit(failure ? 1 : 0);
}

function text(id) {
  return page.evaluate(function (id) {
    return document.getElementById(id).textContent;
  }, id);
}

function click(id) {
  page.evaluate(function (id) {
    var event = document.createEvent('MouseEvents');
    event.initEvent('click', true, true);
    document.getElementById(id).dispatchEvent(event);
  }, id);
}

function type(text) {
  page.evaluate(function (text) {
    document.getElementById('message').value = text;
  }, text);
}

function occurrences(haystack, needle) {
  return haystack.split(needle).length - 1;
}

// The steps in order: an action, and the text to wait for after it.
var steps = [
  ['opens', function () {}, function () {
    return text('state') === 'open';
  }],
  ['shows its draft', function () {}, function () {
    return text('draft') === 'hixie76';
  }],
  ['shows what it sent and the echo', function () {
    type(TEXT);
    click('send');
  }, function () {
    return occurrences(text('log'), TEXT) === 2;
  }],
  ['closes', function () {
    click('close');
  }, function () {
    return text('state').indexOf('closed') === 0;
  }],
  ['connects again', function () {
    click('reconnect');
  }, function () {
    return text('state') === 'open';
  }]
];

var current = 'loads';

function next() {
  if (steps.length === 0) {
    finish();
    return;
  }
  var step = steps.shift();
  current = step[0];
  step[1]();
  var poll = setInterval(function () {
    if (step[2]()) {
      clearInterval(poll);
      console.log(current);
      next();
    }
  }, POLL_MILLISECONDS);
}

setTimeout(function () {
  finish('not seen after ' + TIMEOUT_MILLISECONDS + ' ms: ' + current);
}, TIMEOUT_MILLISECONDS);

page.onError = function (error) {
  finish('error in the page: ' + error);
};

page.open('http://' + address + '/', function (status) {
  if (status === 'success') {
    next();
  } else {
    finish('the page did not load');
  }
});
