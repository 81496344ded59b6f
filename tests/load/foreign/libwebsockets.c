/* libwebsockets, an echo of messages on one thread: `PORT [--deflate ctx|noctx]`.
 * Fragments are assembled, and messages written when the socket is writable. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 128 * 1024 };

struct message {
    struct message *next;
    size_t length;
    enum lws_write_protocol kind;
    unsigned char bytes[];
};

struct connection {
    unsigned char *input;
    size_t length, capacity;
    struct message *first, *last;
};

static void drop_first(struct connection *c) {
    struct message *first = c->first;
    c->first = first->next;
    if (!c->first) c->last = NULL;
    free(first);
}

static int received(struct lws *wsi, struct connection *c, void *data, size_t length) {
    if (c->length + length > c->capacity) {
        c->capacity = (c->length + length) * 2;
        c->input = realloc(c->input, c->capacity);
        if (!c->input) return -1;
    }
    memcpy(c->input + c->length, data, length);
    c->length += length;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) return 0;
    struct message *message = malloc(sizeof *message + LWS_PRE + c->length);
    if (!message) return -1;
    message->next = NULL;
    message->length = c->length;
    message->kind = lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    memcpy(message->bytes + LWS_PRE, c->input, c->length);
    c->length = 0;
    if (c->last) c->last->next = message; else c->first = message;
    c->last = message;
    lws_callback_on_writable(wsi);
    return 0;
}

static int writable(struct lws *wsi, struct connection *c) {
    while (c->first && !lws_send_pipe_choked(wsi)) {
        struct message *first = c->first;
        int written = lws_write(wsi, first->bytes + LWS_PRE, first->length, first->kind);
        if (written < (int)first->length) return -1;
        drop_first(c);
    }
    if (c->first) lws_callback_on_writable(wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t length) {
    struct connection *c = user;
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return received(wsi, c, data, length);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writable(wsi, c);
    case LWS_CALLBACK_CLOSED:
        while (c->first) drop_first(c);
        free(c->input);
        return 0;
    default:
        return 0;
    }
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {
        {"echo", callback, sizeof(struct connection), 65536, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate,
         "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
        {NULL, NULL, NULL},
    };
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    if (argc < 2) return 2;
    lws_set_log_level(0, NULL);
    info.port = atoi(argv[1]);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    if (argc > 2 && !strcmp(argv[2], "--deflate")) info.extensions = extensions;
    info.pt_serv_buf_size = BUFFER;
    info.gid = (gid_t)-1;
    info.uid = (uid_t)-1;
    struct lws_context *context = lws_create_context(&info);
    if (!context) return 1;
    while (lws_service(context, 0) >= 0) {
    }
    return 0;
}
