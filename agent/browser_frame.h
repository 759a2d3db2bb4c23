#ifndef IPVS_AGENT_AGENT_BROWSER_FRAME_H_
#define IPVS_AGENT_AGENT_BROWSER_FRAME_H_

#include <string>

#include "agent/html_text.h"
#include "base/clock.h"

namespace agent {

// What stands around a view.
struct BrowserFrame {
  std::string path;     // of the page: "/changes"
  std::string heading;  // "Changes"
  std::string node;
  std::string nonce;         // of this answer: nothing but its own script and style is let run
  base::Duration refresh{};  // how often the script asks for the live part, >= 1 ms
};

// What stands in it. The script replaces `now` and `list` by newer ones; what a user has begun to
// write in the form between them stays.
struct BrowserContent {
  HtmlText now;
  HtmlText form;
  HtmlText list;
};

// A whole document. Without scripts it is asked for again from time to time.
std::string browser_document(const BrowserFrame& frame, const BrowserContent& content);
// The parts that the script replaces, which it gets by ?part=live.
std::string live_parts(const BrowserContent& content);

// The style and the script that every document holds.
Markup browser_style();
Markup browser_script();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BROWSER_FRAME_H_
