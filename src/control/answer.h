/* answer.h - what each command of the control socket does. Main thread. */
#pragma once

struct control;
struct request;
struct socket_client;

/* Leads to one socket_reply, at once or, for a reload, when it has ended. */
void answer_request(struct control *control, struct socket_client *client,
                    const struct request *request);
