/* SPDX-License-Identifier: MIT
 *
 * certificate.h -- the module of TLS for scripts of tests, and a certificate.
 */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <stdbool.h>

#include "unit/world.h"

/* A file with a certificate for db and 127.0.0.1, which vouches for itself, and its key; NULL:
 * this was built without OpenSSL. */
const char *certificate_path(void);

/* Scripts have TLS, and in PEM that path.  False: this was built without OpenSSL. */
bool add_tls(struct world *world);

#endif
