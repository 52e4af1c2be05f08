// Sound inputs of every target, from which others are made. Documents are encoded by the program
// itself.
#pragma once

#include <string>
#include <vector>

namespace barracuda::fuzz {

using Seeds = std::vector<std::string>;

Seeds RequestSeeds();
Seeds QuerySeeds();
Seeds FormSeeds();
Seeds JsonSeeds();
Seeds HeaderSeeds();
Seeds IdSeeds();
Seeds TemplateSeeds();
Seeds ConversionSeeds();
Seeds ContactSeeds();
Seeds StoredSeeds();
Seeds CsvSeeds();
Seeds ValueSeeds();
Seeds MaskSeeds();
Seeds ConfigSeeds();

// seeds_documents.cc
Seeds EntitySeeds();
Seeds AccountSeeds();
Seeds JobSeeds();
Seeds CellSeeds();
Seeds ImportSeeds();
Seeds ReplySeeds();

}  // namespace barracuda::fuzz
