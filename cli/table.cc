#include "cli/table.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace cli {
namespace {

constexpr std::size_t kGap = 2;

std::string_view colour_of(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kWarning: return "\x1b[33m";
    case Tone::kBad: return "\x1b[31m";
    case Tone::kFaint: return "\x1b[2m";
  }
  return "";
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The first `columns` of the text.
std::string first_of(const std::string& text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size() && (columns > 0 || continues(text[end]))) {
    if (!continues(text[end])) --columns;
    ++end;
  }
  return text.substr(0, end);
}

std::string cut(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  return columns == 0 ? "" : first_of(text, columns - 1) + "~";
}

std::size_t total(const std::vector<std::size_t>& widths) {
  std::size_t shown = static_cast<std::size_t>(
      std::count_if(widths.begin(), widths.end(), [](std::size_t width) { return width > 0; }));
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) +
         (shown == 0 ? 0 : (shown - 1) * kGap);
}

}  // namespace

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::vector<std::size_t> Table::widths(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t natural = columns_of(columns[i].title);
    for (const auto& row : rows) {
      if (i < row.size()) natural = std::max(natural, columns_of(row[i].text));
    }
    widths.push_back(std::max<std::size_t>(natural, 1));
  }
  auto too_wide = [&] { return width > 0 && total(widths) > width; };
  // First what can be cut is cut, the widest first, by one after the other.
  auto shrink = [&] {
    while (too_wide()) {
      std::size_t widest = columns.size();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        bool can = columns[i].least > 0 && widths[i] > columns[i].least;
        if (can && (widest == columns.size() || widths[i] > widths[widest])) widest = i;
      }
      if (widest == columns.size()) return;
      --widths[widest];
    }
  };
  const std::vector<std::size_t> natural = widths;
  shrink();
  while (too_wide()) {
    std::size_t goes = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (widths[i] == 0 || columns[i].expendable == 0) continue;
      if (goes == columns.size() || columns[i].expendable > columns[goes].expendable) goes = i;
    }
    if (goes == columns.size()) break;
    // The others have its room.
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (widths[i] > 0) widths[i] = natural[i];
    }
    widths[goes] = 0;
    shrink();
  }
  return widths;
}

std::string Table::to_text(const std::vector<std::size_t>& fitted, std::size_t width, bool colours,
                           bool titles) const {
  std::size_t last = 0;
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    if (fitted[i] > 0) last = i;
  }
  auto line = [&](const std::vector<Cell>& cells) {
    std::string text;
    std::size_t used = 0;
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      if (fitted[i] == 0) continue;
      static const Cell kEmpty;
      const Cell& cell = i < cells.size() ? cells[i] : kEmpty;
      std::size_t room = fitted[i];
      if (width > 0) room = std::min(room, used < width ? width - used : 0);
      std::string shown = cut(cell.text, room);
      std::string padding(room - columns_of(shown), ' ');
      if (columns[i].right) text += padding;
      std::string_view colour = colours && !shown.empty() ? colour_of(cell.tone) : "";
      text += std::string(colour) + shown + (colour.empty() ? "" : "\x1b[0m");
      if (!columns[i].right && i != last) text += padding;
      used += room;
      if (i == last) break;
      std::size_t gap = width > 0 ? std::min(kGap, width - used) : kGap;
      text += std::string(gap, ' ');
      used += gap;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text;
  if (titles) {
    std::vector<Cell> cells;
    for (const Column& column : columns) cells.push_back({column.title, Tone::kFaint});
    text += line(cells);
  }
  for (const auto& row : rows) text += line(row);
  return text;
}

std::string Table::to_text(std::size_t width, bool colours) const {
  return to_text(widths(width), width, colours, true);
}

}  // namespace cli
