#include "agent/html_text.h"

#include <algorithm>

namespace agent {

HtmlText& HtmlText::text(std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&': html_ += "&amp;"; break;
      case '<': html_ += "&lt;"; break;
      case '>': html_ += "&gt;"; break;
      case '"': html_ += "&quot;"; break;
      case '\'': html_ += "&#39;"; break;
      case '\n':
      case '\t': html_ += c; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          html_ += "\xef\xbf\xbd";
        } else {
          html_ += c;
        }
    }
  }
  return *this;
}

HtmlText& HtmlText::query(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      html_ += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    html_ += {'%', kHex[byte >> 4U], kHex[byte & 0xfU]};
  }
  return *this;
}

HtmlText& HtmlText::grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) html_ += ',';
    html_ += digits[i];
  }
  return *this;
}

}  // namespace agent
