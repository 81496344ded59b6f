import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Netty's WebSocket client against an echo server: NettyClient HOST:PORT|URL 0|7|8|13
 *
 * <p>URL is complete, {@code ws://HOST:PORT/websocket} or {@code wss:}; with only HOST:PORT the
 * path is {@code /chat?x=1}. Over TLS any certificate is accepted: this is a test on loopback.
 *
 * <p>Netty implements the protocol; this class only chooses the messages and compares the echoes.
 * It checks the opening handshake (Netty checks the challenge of version 0 and the
 * Sec-WebSocket-Accept of the others), an echo of text of every length encoding, and the closing
 * handshake; for versions 7, 8 and 13 also binary messages, ping, and a message in fragments.
 *
 * <p>The last line printed is PASS or FAIL; the exit code matches.
 */
public final class NettyClient {
    private static final int TIMEOUT_SECONDS = 30;
    private static final int LONGEST_FRAME = 16 << 20;

    /** Larger than any frame of version 0 below. */
    private static final int READ_BYTES = 64 << 10;

    private enum Kind { TEXT, FRAGMENTED_TEXT, BINARY, PING }

    /** A message or ping that is sent, and its expected echo. */
    private static final class Exchange {
        final Kind kind;
        final byte[] payload;

        Exchange(Kind kind, byte[] payload) {
            this.kind = kind;
            this.payload = payload;
        }

        static Exchange text(String text) {
            return new Exchange(Kind.TEXT, text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String toString() {
            return kind + " of " + payload.length + " bytes";
        }
    }

    public static void main(String[] args) throws Exception {
        URI uri = new URI(args[0].contains("://") ? args[0] : "ws://" + args[0] + "/chat?x=1");
        SslContext tls = uri.getScheme().equals("wss") ? trustAll() : null;
        WebSocketVersion version = version(args[1]);
        WebSocketClientHandshaker handshaker = WebSocketClientHandshakerFactory.newHandshaker(
            uri, version, null, true, new DefaultHttpHeaders(), LONGEST_FRAME);
        Client client = new Client(handshaker, exchanges(version));

        NioEventLoopGroup group = new NioEventLoopGroup(1);
        String outcome;
        try {
            new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(
                                tls.newHandler(channel.alloc(), uri.getHost(), uri.getPort()));
                        }
                        channel.pipeline().addLast(
                            new HttpClientCodec(), new HttpObjectAggregator(65536), client);
                    }
                })
                .connect(uri.getHost(), uri.getPort())
                .sync();
            outcome = client.outcome.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            outcome = "FAIL no end after " + TIMEOUT_SECONDS + " s, at " + client.progress();
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
        System.out.println("Netty, version " + args[1] + ": " + client.progress());
        System.out.println(outcome);
        System.exit(outcome.equals("PASS") ? 0 : 1);
    }

    private static SslContext trustAll() throws SSLException {
        return SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .build();
    }

    private static WebSocketVersion version(String number) {
        switch (number) {
            case "0": return WebSocketVersion.V00;
            case "7": return WebSocketVersion.V07;
            case "8": return WebSocketVersion.V08;
            case "13": return WebSocketVersion.V13;
            default: throw new IllegalArgumentException("no such version: " + number);
        }
    }

    private static List<Exchange> exchanges(WebSocketVersion version) {
        List<Exchange> list = new ArrayList<>();
        list.add(Exchange.text("hello"));
        list.add(Exchange.text(""));
        list.add(Exchange.text("h\u00e9llo \u20ac \ud83d\ude00"));
        // the boundaries of the one-byte length
        list.add(Exchange.text("a".repeat(125)));
        list.add(Exchange.text("b".repeat(126)));
        if (version == WebSocketVersion.V00) {
            // Netty's WebSocket00FrameDecoder loses bytes of a frame that does not arrive in one
            // read, so no text may be longer than a segment.
            list.add(Exchange.text("\u20ac".repeat(300)));
            return list;
        }
        // the boundaries of the two-byte length, and three bytes per character
        list.add(Exchange.text("c".repeat(65535)));
        list.add(Exchange.text("d".repeat(65536)));
        list.add(Exchange.text("\u20ac".repeat(70000)));
        byte[] bytes = new byte[70000];
        new Random(1).nextBytes(bytes);
        list.add(new Exchange(Kind.BINARY, new byte[0]));
        list.add(new Exchange(Kind.BINARY, bytes));
        list.add(new Exchange(Kind.PING, "are you there".getBytes(StandardCharsets.US_ASCII)));
        list.add(new Exchange(
            Kind.FRAGMENTED_TEXT, "in three fragments \u20ac".getBytes(StandardCharsets.UTF_8)));
        return list;
    }

    /** Runs the exchanges in order, closes, and checks the results. */
    private static final class Client extends SimpleChannelInboundHandler<Object> {
        final CompletableFuture<String> outcome = new CompletableFuture<>();
        private final WebSocketClientHandshaker handshaker;
        private final List<Exchange> exchanges;
        private final ByteArrayOutputStream fragments = new ByteArrayOutputStream();
        private Kind fragmentedKind;
        private volatile int done;
        private boolean closeReceived;

        Client(WebSocketClientHandshaker handshaker, List<Exchange> exchanges) {
            this.handshaker = handshaker;
            this.exchanges = exchanges;
        }

        String progress() {
            return done + " of " + exchanges.size() + " exchanges";
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            handshaker.handshake(context.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Object received) {
            if (!handshaker.isHandshakeComplete()) {
                handshaker.finishHandshake(context.channel(), (FullHttpResponse) received);
                sendNext(context);
            } else if (received instanceof WebSocketFrame) {
                handleFrame(context, (WebSocketFrame) received);
            }
        }

        private void handleFrame(ChannelHandlerContext context, WebSocketFrame frame) {
            byte[] payload = ByteBufUtil.getBytes(frame.content());
            if (frame instanceof CloseWebSocketFrame) {
                closeReceived = true;
                context.close();
            } else if (frame instanceof PingWebSocketFrame) {
                context.writeAndFlush(new PongWebSocketFrame(Unpooled.wrappedBuffer(payload)));
            } else if (frame instanceof PongWebSocketFrame) {
                handleMessage(context, Kind.PING, payload);
            } else {
                handleFragment(context, frame, payload);
            }
        }

        /** The echo of one message may arrive in any number of fragments. */
        private void handleFragment(
                ChannelHandlerContext context, WebSocketFrame frame, byte[] payload) {
            if (frame instanceof TextWebSocketFrame) {
                fragmentedKind = Kind.TEXT;
            } else if (frame instanceof BinaryWebSocketFrame) {
                fragmentedKind = Kind.BINARY;
            }
            fragments.write(payload, 0, payload.length);
            if (frame.isFinalFragment()) {
                byte[] whole = fragments.toByteArray();
                fragments.reset();
                handleMessage(context, fragmentedKind, whole);
            }
        }

        private void handleMessage(ChannelHandlerContext context, Kind kind, byte[] payload) {
            Exchange expected = exchanges.get(done);
            Kind expectedKind =
                expected.kind == Kind.FRAGMENTED_TEXT ? Kind.TEXT : expected.kind;
            if (kind != expectedKind || !Arrays.equals(payload, expected.payload)) {
                fail(context, "sent " + expected + ", got " + kind + " of " + payload.length);
                return;
            }
            done++;
            sendNext(context);
        }

        private void sendNext(ChannelHandlerContext context) {
            if (done == exchanges.size()) {
                // In version 0 Netty sends FF 00 for this, which has no code.
                handshaker.close(context.channel(), new CloseWebSocketFrame(1000, "bye"));
                return;
            }
            Exchange next = exchanges.get(done);
            ByteBuf payload = Unpooled.wrappedBuffer(next.payload);
            switch (next.kind) {
                case TEXT:
                    context.writeAndFlush(new TextWebSocketFrame(payload));
                    break;
                case BINARY:
                    context.writeAndFlush(new BinaryWebSocketFrame(payload));
                    break;
                case PING:
                    context.writeAndFlush(new PingWebSocketFrame(payload));
                    break;
                case FRAGMENTED_TEXT:
                    int rest = payload.readableBytes() - 10;
                    context.write(new TextWebSocketFrame(false, 0, payload.readRetainedSlice(5)));
                    context.write(
                        new ContinuationWebSocketFrame(false, 0, payload.readRetainedSlice(5)));
                    context.writeAndFlush(
                        new ContinuationWebSocketFrame(true, 0, payload.readRetainedSlice(rest)));
                    break;
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            boolean clean = done == exchanges.size() && closeReceived;
            outcome.complete(clean ? "PASS" : "FAIL closed at " + progress()
                + (closeReceived ? " with" : " without") + " a Close frame");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(context, cause.toString());
        }

        private void fail(ChannelHandlerContext context, String why) {
            outcome.complete("FAIL " + why);
            context.close();
        }
    }
}
