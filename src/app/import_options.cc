#include "app/import_options.h"

#include "app/command_texts.h"
#include "app/option_checks.h"

namespace barracuda::app {

void AddImportOptions(CLI::App* command, ImportOptions& to) {
    command->footer(kImport);
    AddRequired(command, "FILE", to.path, "CSV, lines of JSON, or a file that export wrote");
    command
        ->add_option("--format", to.format, "what it is (default: what its first line looks like)")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"csv", "ndjson"}));
    command
        ->add_option("--map", to.maps, "of CSV: the field that a column is; COLUMN= leaves it out")
        ->type_name("COLUMN=FIELD")
        ->allow_extra_args(false)  // one each, so that FILE may come behind it
        ->check(NotEmpty);
    AddValue(
        command, "--state", to.state, "note in this file how far it is, and go on there", "FILE"
    );
    AddValue(command, "--refused", to.refused, "what was refused (default FILE.refused)", "FILE");
    command->add_option("--from-line", to.from_line, "pass over the lines before this one")
        ->type_name("N")
        ->check(DigitsAlone);
    command->add_flag("--dry-run", to.dry_run, "read every line, write nothing");
    command->add_flag("--notify", to.notify, "tell the networks, as of any report");
}

}  // namespace barracuda::app
