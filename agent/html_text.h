#ifndef IPVS_AGENT_AGENT_HTML_TEXT_H_
#define IPVS_AGENT_AGENT_HTML_TEXT_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace agent {

// Markup that stands in the program itself: the compiler refuses any other text.
class Markup {
 public:
  template <std::size_t kSize>
  consteval Markup(const char (&literal)[kSize])  // NOLINT(google-explicit-constructor)
      : text_(literal, kSize - 1) {}
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// A piece of HTML that is being written. Whatever is not a literal is escaped, so that no name from
// the API becomes markup: neither between tags nor in an attribute's quotes.
class HtmlText {
 public:
  // As it stands.
  HtmlText& raw(Markup markup) {
    html_ += markup.text();
    return *this;
  }
  // Escaped; control characters other than blanks become U+FFFD.
  HtmlText& text(std::string_view text);
  // 12,345.
  template <std::unsigned_integral Number>
  HtmlText& number(Number number) {
    return grouped(number);
  }
  // A part of a URL's query, percent-encoded.
  HtmlText& query(std::string_view text);
  HtmlText& append(const HtmlText& other) {
    html_ += other.html_;
    return *this;
  }

  std::string take() && { return std::move(html_); }

 private:
  HtmlText& grouped(std::uint64_t number);

  std::string html_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HTML_TEXT_H_
