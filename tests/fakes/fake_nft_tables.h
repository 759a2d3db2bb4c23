#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_NFT_TABLES_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_NFT_TABLES_H_

#include <cerrno>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netconf/nft_tables.h"
#include "tests/fakes/log_suffix.h"

namespace fakes {

// The names of nftables' tables in memory.
//
// Threading: one owner.
class FakeNftTables final : public netconf::NftTables {
 public:
  base::Result<std::vector<netconf::NftTable>> read() override {
    if (missing_) return base::Status::from_errno(EOPNOTSUPP, "read nft tables");
    return std::vector<netconf::NftTable>(tables_.begin(), tables_.end());
  }

  std::vector<base::Status> apply(std::span<const netconf::DeleteNftTable> ops) override {
    std::vector<base::Status> outcomes;
    for (const netconf::DeleteNftTable& op : ops) {
      int error = failure_ != 0 ? failure_ : (tables_.erase(op.table) > 0 ? 0 : ENOENT);
      outcomes.push_back(error == 0 ? base::Status()
                                    : base::Status::from_errno(error, "nft " + to_text(op)));
      log_.push_back("nft " + to_text(op) + (error == 0 ? "" : log_suffix(outcomes.back())));
    }
    return outcomes;
  }

  std::set<netconf::NftTable>& tables() { return tables_; }
  // A kernel without nf_tables.
  void set_missing(bool missing) { missing_ = missing; }
  // Every deletion fails with this errno; 0: none.
  void set_failure(int error) { failure_ = error; }
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }

 private:
  std::set<netconf::NftTable> tables_;
  std::vector<std::string> log_;
  bool missing_ = false;
  int failure_ = 0;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_NFT_TABLES_H_
