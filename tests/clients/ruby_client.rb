# The gem `websocket` against an echo server: ruby_client.rb HOST:PORT 75|76|7|8|13
#
# The gem creates and checks the handshake and the frames; this script has the socket. It checks the
# opening handshake and an echo of text of every length encoding, and the closing handshake if the
# version has one; for versions 7, 8 and 13 also binary messages and ping.
#
# The last line printed is PASS or FAIL; the exit code matches.

require 'socket'
require 'timeout'
require 'websocket'

TIMEOUT_SECONDS = 30

# A connection that uses the gem.
class Client
  def initialize(address, version)
    @version = version
    @handshake = WebSocket::Handshake::Client.new(
      url: "ws://#{address}/chat?x=1", version: version, origin: "http://#{address}"
    )
    host, port = address.split(':')
    @socket = TCPSocket.new(host, port.to_i)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    @frames = WebSocket::Frame::Incoming::Client.new(version: @handshake.version)
  end

  def open
    @socket.write(@handshake.to_s)
    behind = @version == 76 ? read_challenge_response : read_head
    raise "handshake refused: #{@handshake.error}" unless @handshake.valid?

    @frames << behind unless behind.nil? || behind.empty?
  end

  def send(type, data, **options)
    frame = WebSocket::Frame::Outgoing::Client.new(
      version: @handshake.version, type: type, data: data, **options
    )
    @socket.write(frame.to_s)
  end

  def receive
    loop do
      frame = @frames.next
      return frame if frame
      raise "bad frame: #{@frames.error}" if @frames.error?

      @frames << @socket.readpartial(65_536)
    end
  end

  def exchange(type, data, answer = type)
    send(type, data)
    frame = receive
    return if frame.type == answer && frame.to_s.b == data.b

    raise "sent #{type} of #{data.bytesize} bytes, got #{frame.type} of #{frame.to_s.bytesize}"
  end

  def expect_eof
    raise 'bytes after the closing handshake' unless @socket.read.empty?
  end

  def end_of_stream
    @socket.close_write
    expect_eof
  end

  private

  def read_head
    until @handshake.finished?
      @handshake << @socket.readpartial(4096)
      raise "handshake refused: #{@handshake.error}" if @handshake.error
    end
    @handshake.leftovers
  end

  # The gem needs the head and the 16 bytes after it in one piece.
  def read_challenge_response
    received = ''.b
    received << @socket.readpartial(4096) until (head_end = received.index("\r\n\r\n"))
    size = head_end + 4 + 16
    received << @socket.readpartial(4096) while received.bytesize < size
    @handshake << received[0, size]
    received[size..]
  end
end

def exercise(client, version)
  client.open
  client.exchange(:text, 'hello')
  client.exchange(:text, '')
  client.exchange(:text, "h\u00e9llo \u20ac \u{1F600}")
  # the boundaries of the one-byte length and of the two-byte length
  [125, 126, 65_535, 65_536].each { |size| client.exchange(:text, 'a' * size) }
  client.exchange(:text, "\u20ac" * 70_000)
  if version < 75
    client.exchange(:binary, '')
    client.exchange(:binary, (0..255).map(&:chr).join.b * 300)
    client.exchange(:ping, 'are you there', :pong)
  end
  finish(client, version)
end

# Version 75 has no closing handshake: either peer closes TCP.
def finish(client, version)
  return client.end_of_stream if version == 75

  client.send(:close, '', **(version == 76 ? {} : { code: 1000 }))
  answer = client.receive
  raise "answered #{answer.type} to Close" unless answer.type == :close
  raise "answered code #{answer.code} to 1000" if version < 75 && answer.code != 1000

  client.expect_eof
end

address, version = ARGV
begin
  Timeout.timeout(TIMEOUT_SECONDS) { exercise(Client.new(address, version.to_i), version.to_i) }
  puts "ruby-websocket, version #{version}"
  puts 'PASS'
rescue StandardError => e
  puts "FAIL #{e.class}: #{e.message}"
  exit 1
end
