/* Files of a cluster, of a replica's key and of its certificate: they make an identity, or are refused with a sentence
 * that names the file; and what they make is the same once more.
 *
 * Input: three pieces, one a file. With the first byte odd the certificate's file is none. */
#include <string.h>
#include <unistd.h>

#include <weft/err.h>
#include <weft/identity.h>

#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = {"cluster", "replica", "replica.cert"};

static bool is_refusal(int rc) {
    return rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_INVALID || rc == WEFT_ERR_CERTIFICATE || rc == WEFT_ERR_LIMIT;
}

static int load(char *errmsg, size_t errmsg_len) {
    struct weft_identity *id;
    char cluster[512];
    (void)snprintf(cluster, sizeof cluster, "%s", folder_path(names[0]));
    errmsg[0] = '\0';
    int rc = weft_identity_load(&id, cluster, folder_path(names[1]), errmsg, errmsg_len);
    HOLDS((rc == 0) == (id != NULL));
    HOLDS(rc == 0 || is_refusal(rc));
    HOLDS(rc == 0 || strlen(errmsg) > 0);
    weft_identity_free(id);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    char first[512], again[512];
    bool has_certificate = fuzz_byte(&in) % 2 == 0;
    for (size_t i = 0; i < 3; i++) folder_write(names[i], fuzz_piece(&in));
    if (!has_certificate) (void)unlink(folder_path(names[2]));
    int rc = load(first, sizeof first);
    HOLDS(load(again, sizeof again) == rc);
    HOLDS(strcmp(first, again) == 0);
    return 0;
}
