#ifndef IPVS_AGENT_CLI_TERMINAL_H_
#define IPVS_AGENT_CLI_TERMINAL_H_

#include <cstddef>
#include <iosfwd>

namespace cli {

// Where a command writes, and what that can show.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 0;     // columns; 0 where it is no terminal: nothing is cut
  bool colours = false;      // on a terminal without NO_COLOR (no-color.org)
  bool interactive = false;  // a person looks at it
};

// Standard output and error of this process.
Terminal this_terminal();

}  // namespace cli

#endif  // IPVS_AGENT_CLI_TERMINAL_H_
