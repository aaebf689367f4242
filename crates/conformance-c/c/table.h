/* The end of each program: its functions as a table, and a main that runs the case that its arguments name. */

#ifndef AF_UNIX
#define AF_UNIX 1
#endif

static const struct case_functions functions = {
    SYSTEM,
    {AF_INET, AF_INET6, AF_UNIX},
    start,
    end,
    last_error,
    open_socket,
    bind_socket,
    connect_socket,
    listen_socket,
    accept_socket,
    send_octets,
    send_to,
    receive,
    receive_from,
    select_sets,
    shut_down,
    close_socket,
    own_name,
    peer_name,
    set_nonblocking,
    set_broadcast,
    set_reuse,
    socket_error,
};

int main(int argc, char **argv) { return synsent_cases_run(&functions, argc, argv); }
