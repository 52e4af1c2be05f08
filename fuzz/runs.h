// The targets that stand in files of their own, for the table in targets.cc.
#pragma once

#include <string_view>
#include <utility>

namespace barracuda::fuzz {

// reply_target.cc
void RunReply(std::string_view bytes);

// document_targets.cc
void RunEntity(std::string_view bytes);
void RunAccount(std::string_view bytes);
void RunJob(std::string_view bytes);
void RunCell(std::string_view bytes);
void RunImport(std::string_view bytes);

// The first line, and what follows it.
std::pair<std::string_view, std::string_view> FirstLine(std::string_view text);

}  // namespace barracuda::fuzz
