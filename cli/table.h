#ifndef IPVS_AGENT_CLI_TABLE_H_
#define IPVS_AGENT_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace cli {

// How a terminal shows a cell.
enum class Tone : unsigned char { kPlain, kGood, kWarning, kBad, kFaint };

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Column {
  std::string title;
  // A cell may be cut, with "~" at its end, so that the column has no more than these; 0: never.
  std::size_t least = 0;
  // Columns go, the highest first, where the terminal is too narrow for all; 0: it stays.
  int expendable = 0;
  bool right = false;  // numbers
};

// Rows under a line of titles, as kubectl prints them, fitted into the width of a terminal.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;

  // One line a row and one of titles. `width` in columns of the terminal; 0: as wide as need be.
  // Where even what must stay is too wide, lines are cut. `colours`: with escape sequences.
  std::string to_text(std::size_t width, bool colours) const;
  // How wide to_text() makes the columns, 0 for those that go: to keep the same for more rows.
  std::vector<std::size_t> widths(std::size_t width) const;
  std::string to_text(const std::vector<std::size_t>& widths, std::size_t width, bool colours,
                      bool titles) const;
};

// How many columns of a terminal the UTF-8 text takes, a character one each.
std::size_t columns_of(const std::string& text);

}  // namespace cli

#endif  // IPVS_AGENT_CLI_TABLE_H_
