// PhantomJS 1.9.8 against an echo server: phantomjs phantom_socket.js HOST:PORT
//
// Its QtWebKit is a real browser engine that speaks only hixie-76. The test uses the page's own
// WebSocket object. Checks the opening handshake (the engine checks the challenge, the origin and
// the location), and an echo of text of every length. The engine closes TCP without FF 00, and must
// still report a clean close.
//
// The last line printed is PASS or FAIL; the exit code matches. ECMAScript 3 only.

var TIMEOUT_MILLISECONDS = 30000;
var address = require('system').args[1];
var page = require('webpage').create();

function finish(failure) {
  console.log(failure ? 'FAIL ' + failure : 'PASS');
  phantom.exit(failure ? 1 : 0);
}

setTimeout(function () {
  finish('no end after ' + TIMEOUT_MILLISECONDS + ' ms');
}, TIMEOUT_MILLISECONDS);

page.onError = function (error) {
  finish('error in the page: ' + error);
};

page.onCallback = function (result) {
  console.log(JSON.stringify(result));
  finish(result.failure);
};

// Runs in the page, where nothing of this script is in scope.
function talk(address) {
  function repeat(text, count) {
    return new Array(count + 1).join(text);
  }

  var texts = [
    'hello',
    '',
    'h\u00e9llo \u20ac \ud83d\ude00',
    repeat('a', 127),
    repeat('b', 128),
    repeat('c', 65536),
    repeat('\u20ac', 70000)
  ];
  var result = { engine: navigator.userAgent, echoed: 0 };
  var opened = false;
  var socket = new WebSocket('ws://' + address + '/chat?x=1');

  socket.onopen = function () {
    opened = true;
    for (var i = 0; i < texts.length; i++) {
      socket.send(texts[i]);
    }
  };
  socket.onmessage = function (event) {
    if (event.data !== texts[result.echoed]) {
      result.failure = 'message ' + result.echoed + ' came back different';
    }
    result.echoed++;
    if (result.echoed === texts.length) {
      socket.close();
    }
  };
  socket.onclose = function (event) {
    if (!opened) {
      result.failure = 'never opened';
    } else if (result.echoed !== texts.length) {
      result.failure = 'closed early';
    } else if (event.wasClean === false) {
      result.failure = 'not a clean close';
    }
    window.callPhantom(result);
  };
}

page.setContent('<!DOCTYPE html><title>empty</title>', 'http://' + address + '/');
page.evaluate(talk, address);
