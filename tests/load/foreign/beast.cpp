// Boost.Beast, an asynchronous echo on one thread: `PORT [--deflate ctx|noctx]`.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <memory>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

static std::string context;

struct Connection : std::enable_shared_from_this<Connection> {
    websocket::stream<tcp::socket> stream;
    beast::flat_buffer buffer;

    explicit Connection(tcp::socket socket) : stream(std::move(socket)) {
        stream.next_layer().set_option(tcp::no_delay(true));
        stream.read_message_max(128 << 20);
        stream.auto_fragment(false);
        if (!context.empty()) {
            websocket::permessage_deflate deflate;
            deflate.server_enable = true;
            deflate.server_no_context_takeover = context == "noctx";
            deflate.client_no_context_takeover = context == "noctx";
            stream.set_option(deflate);
        }
    }

    void open() {
        stream.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) self->read();
        });
    }

    void read() {
        stream.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

    void write() {
        stream.text(stream.got_text());
        auto then = [self = shared_from_this()](beast::error_code error, std::size_t count) {
            if (error) return;
            self->buffer.consume(count);
            self->read();
        };
        stream.async_write(buffer.data(), then);
    }
};

struct Server {
    asio::io_context io{1};
    tcp::acceptor acceptor{io};

    explicit Server(unsigned short port) {
        tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"), port);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen(4096);
        accept();
    }

    void accept() {
        acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
            if (!error) std::make_shared<Connection>(std::move(socket))->open();
            accept();
        });
    }
};

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    if (argc > 3 && std::string(argv[2]) == "--deflate") context = argv[3];
    Server server(static_cast<unsigned short>(std::atoi(argv[1])));
    server.io.run();
}
