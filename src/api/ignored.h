// Names of a request that nobody read: a misspelt field of money is seen in the answer to
// `?explain=1` and in the received log.
//
// Threads: one a call.
#pragma once

#include "api/input.h"
#include "api/respond.h"

namespace barracuda::api {

// Into call.ignored: of `input` and of the URL, at most 32 names, each once. A name that is long or
// holds what names do not have is told by its size alone: it may be a person's word, or a secret.
void NoteIgnored(Call& call, const Input& input);

// `ignored`, a list, when the caller asked for explanations.
void PutIgnored(const Call& call, JsonObject& answer);

}  // namespace barracuda::api
