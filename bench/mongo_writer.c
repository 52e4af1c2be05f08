// What a node is measured against, from many threads, each on its own connection, majority and
// journaled. Prints one line of JSON.
//
//     mongo_writer URI DATABASE THREADS SECONDS          one findOneAndUpdate upsert per conversion
//     mongo_writer URI DATABASE THREADS SECONDS BATCH    unordered bulk inserts of BATCH copies of the
//                                                        conversion found there, each with its own click
#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static mongoc_client_pool_t *pool;
static const char *database;
static double until;
static atomic_long done, failed;
static bson_t *model;  // a conversion as the node stores it; NULL: upserts
static long batch = 1;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Scattered, as hashes are.
static void name_click(char *click, size_t size, long thread, long n) {
    snprintf(click, size, "%08x-%ld-%ld-%ld", (unsigned)(n * 2654435761u), batch, thread, n);
}

// The fields that route 5 stores of a conversion with nothing to deliver.
static bson_t *fields(void) {
    int64_t ms = (int64_t)time(NULL) * 1000;
    return BCON_NEW("$setOnInsert", "{", "affiliate_id", BCON_UTF8("7"), "goal_type",
                    BCON_UTF8("registration"), "amount", BCON_DOUBLE(0), "status", BCON_UTF8("pending"), "currency",
                    BCON_UTF8("USD"), "createdAt", BCON_DATE_TIME(ms), "updatedAt", BCON_DATE_TIME(ms), "}");
}

static void upsert(mongoc_collection_t *conversions, long thread, long n) {
    char click[64];
    name_click(click, sizeof click, thread, n);
    bson_t *filter = BCON_NEW("click_id", BCON_UTF8(click), "goal_id", BCON_UTF8("5"));
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_UPSERT);
    bson_t *update = fields();
    mongoc_find_and_modify_opts_set_update(options, update);
    bson_error_t error;
    bson_t reply;
    if (mongoc_collection_find_and_modify_with_opts(conversions, filter, options, &reply, &error)) {
        atomic_fetch_add(&done, 1);
    } else {
        atomic_fetch_add(&failed, 1);
    }
    bson_destroy(&reply);
    bson_destroy(update);
    bson_destroy(filter);
    mongoc_find_and_modify_opts_destroy(options);
}

static void insert_batch(mongoc_collection_t *conversions, long thread, long n) {
    bson_t options = BSON_INITIALIZER;
    bson_append_bool(&options, "ordered", -1, false);
    mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(conversions, &options);
    for (long i = 0; i < batch; ++i) {
        char click[64];
        name_click(click, sizeof click, thread, n * batch + i);
        bson_oid_t id;
        bson_oid_init(&id, NULL);
        bson_t document = BSON_INITIALIZER;
        bson_append_oid(&document, "_id", -1, &id);
        bson_append_utf8(&document, "click_id", -1, click, -1);
        bson_copy_to_excluding_noinit(model, &document, "_id", "click_id", NULL);
        mongoc_bulk_operation_insert(bulk, &document);
        bson_destroy(&document);
    }
    bson_error_t error;
    bson_t reply;
    if (mongoc_bulk_operation_execute(bulk, &reply, &error)) {
        atomic_fetch_add(&done, batch);
    } else {
        atomic_fetch_add(&failed, batch);
    }
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&options);
}

static void *work(void *argument) {
    long thread = (long)argument;
    mongoc_client_t *client = mongoc_client_pool_pop(pool);
    mongoc_collection_t *conversions = mongoc_client_get_collection(client, database, "conversions");
    for (long n = 0; now() < until; ++n) {
        if (model) {
            insert_batch(conversions, thread, n);
        } else {
            upsert(conversions, thread, n);
        }
    }
    mongoc_collection_destroy(conversions);
    mongoc_client_pool_push(pool, client);
    return NULL;
}

static bson_t *find_one(void) {
    mongoc_client_t *client = mongoc_client_pool_pop(pool);
    mongoc_collection_t *conversions = mongoc_client_get_collection(client, database, "conversions");
    bson_t filter = BSON_INITIALIZER;
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(conversions, &filter, NULL, NULL);
    const bson_t *document = NULL;
    bson_t *copy = mongoc_cursor_next(cursor, &document) ? bson_copy(document) : NULL;
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(conversions);
    mongoc_client_pool_push(pool, client);
    return copy;
}

int main(int count, char **arguments) {
    if (count != 5 && count != 6) return 2;
    int threads = atoi(arguments[3]), seconds = atoi(arguments[4]);
    if (threads < 1 || threads > 256 || seconds < 1) return 2;
    mongoc_init();
    mongoc_uri_t *uri = mongoc_uri_new(arguments[1]);
    if (!uri) return 2;
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, threads);
    mongoc_write_concern_t *majority = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(majority, 10000);
    mongoc_write_concern_set_journal(majority, true);
    mongoc_uri_set_write_concern(uri, majority);
    pool = mongoc_client_pool_new(uri);
    database = arguments[2];
    if (count == 6) {
        batch = atol(arguments[5]);
        model = find_one();
        if (batch < 1 || batch > 10000 || !model) return 2;
    }
    double begin = now();
    until = begin + seconds;
    pthread_t handles[256];
    for (long i = 0; i < threads; ++i) pthread_create(&handles[i], NULL, work, (void *)i);
    for (int i = 0; i < threads; ++i) pthread_join(handles[i], NULL);
    double took = now() - begin;
    printf("{\"written\": %ld, \"failed\": %ld, \"seconds\": %.3f}\n", done, failed, took);
    if (model) bson_destroy(model);
    mongoc_client_pool_destroy(pool);
    mongoc_write_concern_destroy(majority);
    mongoc_uri_destroy(uri);
    mongoc_cleanup();
    return failed > 0;
}
