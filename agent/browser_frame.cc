#include "agent/browser_frame.h"

#include <chrono>

namespace agent {
namespace {

void add_head(HtmlText& html, const BrowserFrame& frame) {
  html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
      .text(frame.heading + " - " + frame.node + " - ipvs-agent")
      .raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
      .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
      .raw("<link rel=\"icon\" href=\"data:image/svg+xml,")
      .raw("%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E")
      .raw("%3Cpath d='M2 8h4l5-5M6 8h8M6 8l5 5' fill='none' stroke='%230f7b6c' ")
      .raw("stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E\">\n<style nonce=\"")
      .text(frame.nonce)
      .raw("\">")
      .raw(browser_style())
      .raw("</style>\n")
      .raw("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n</head>\n");
}

void add_link(HtmlText& html, const BrowserFrame& frame, Markup path, Markup words) {
  html.raw("<a href=\"").raw(path).raw("\"");
  if (frame.path == path.text()) html.raw(" aria-current=\"page\"");
  html.raw(">").raw(words).raw("</a>\n");
}

}  // namespace

std::string browser_document(const BrowserFrame& frame, const BrowserContent& content) {
  HtmlText html;
  add_head(html, frame);
  const auto refresh = std::chrono::duration_cast<std::chrono::milliseconds>(frame.refresh);
  html.raw("<body data-refresh=\"")
      .text(std::to_string(refresh.count()))
      .raw("\">\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n")
      .raw("<p class=\"brand\">ipvs-agent <span>")
      .text(frame.node)
      .raw("</span></p>\n<nav aria-label=\"Pages\">\n");
  add_link(html, frame, "/", "Services");
  add_link(html, frame, "/changes", "Changes");
  add_link(html, frame, "/drains", "Drains");
  html.raw("</nav>\n<p id=\"note\" role=\"status\"></p>\n</header>\n")
      .raw("<main id=\"content\">\n<h1>")
      .text(frame.heading)
      .raw("</h1>\n")
      .raw("<div class=\"live\" id=\"now\">\n")
      .append(content.now)
      .raw("</div>\n")
      .append(content.form)
      .raw("<div class=\"live\" id=\"list\">\n")
      .append(content.list)
      .raw("</div>\n</main>\n<footer>ipvs-agent " IPVS_AGENT_VERSION ", times in UTC</footer>\n")
      .raw("<script nonce=\"")
      .text(frame.nonce)
      .raw("\">")
      .raw(browser_script())
      .raw("</script>\n</body>\n</html>\n");
  return std::move(html).take();
}

std::string live_parts(const BrowserContent& content) {
  HtmlText html;
  html.raw("<div id=\"now\">\n").append(content.now).raw("</div>\n<div id=\"list\">\n");
  html.append(content.list).raw("</div>\n");
  return std::move(html).take();
}

}  // namespace agent
