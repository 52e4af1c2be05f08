// Fill: writes a demo into an empty store, through the engine's own batches, so that whatever is
// derived from documents is right. One thread makes documents while this one commits them.
//
// Threads: blocks its caller, for seconds; nobody else may write to the store. Errors: kConflict, a
// store that holds something already; kUnavailable, one that fails, or `go_on` said no.
#pragma once

#include <functional>
#include <string>

#include "demo/conversions.h"
#include "store/engine.h"

namespace barracuda::demo {

struct FillOptions {
    ConversionOptions conversions;  // those of the forms come on top
    size_t contacts = 400;
    std::string sandbox;  // "http://127.0.0.1:PORT": where the networks are
    // Called now and then with how many conversions are written; false: that is enough.
    std::function<bool(size_t)> go_on = {};
};

// -> conversions written.
Result<size_t> Fill(store::Engine& engine, const FillOptions& options);

}  // namespace barracuda::demo
