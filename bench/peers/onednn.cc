// SPDX-License-Identifier: Apache-2.0
#include <dnnl.hpp>
#include <memory>
#include <unordered_map>

#include "peer.h"

namespace softlane {
namespace bench {
namespace {

struct Prepared {
  dnnl::primitive primitive;
  dnnl::stream stream;
  std::unordered_map<int, dnnl::memory> arguments;
};

dnnl::engine& Engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory::desc Layout(const Rows<float>& view) {
  const dnnl::memory::dims dims = {static_cast<int64_t>(view.rows),
                                   static_cast<int64_t>(view.cols)};
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32,
                            dnnl::memory::format_tag::ab);
}

std::function<bool()> Call(std::shared_ptr<Prepared> prepared) {
  return [prepared] {
    prepared->primitive.execute(prepared->stream, prepared->arguments);
    prepared->stream.wait();
    return true;
  };
}

dnnl::softmax_forward::primitive_desc ForwardDescription(const Operands& o) {
  return dnnl::softmax_forward::primitive_desc(
      {dnnl::prop_kind::forward_training, Layout(o.x), 1}, Engine());
}

}  // namespace

std::function<bool()> PrepareOnednnSoftmax(const Operands& o) {
  auto prepared = std::make_shared<Prepared>();
  prepared->primitive = dnnl::softmax_forward(ForwardDescription(o));
  prepared->stream = dnnl::stream(Engine());
  prepared->arguments = {
      {DNNL_ARG_SRC, dnnl::memory(Layout(o.x), Engine(), o.x.data)},
      {DNNL_ARG_DST, dnnl::memory(Layout(o.y), Engine(), o.y.data)}};
  return Call(prepared);
}

std::function<bool()> PrepareOnednnLogSoftmax(const Operands& o) {
  auto prepared = std::make_shared<Prepared>();
  prepared->primitive =
      dnnl::logsoftmax_forward(dnnl::logsoftmax_forward::primitive_desc(
          {dnnl::prop_kind::forward_training, Layout(o.x), 1}, Engine()));
  prepared->stream = dnnl::stream(Engine());
  prepared->arguments = {
      {DNNL_ARG_SRC, dnnl::memory(Layout(o.x), Engine(), o.x.data)},
      {DNNL_ARG_DST, dnnl::memory(Layout(o.y), Engine(), o.y.data)}};
  return Call(prepared);
}

std::function<bool()> PrepareOnednnBackward(const Operands& o) {
  auto prepared = std::make_shared<Prepared>();
  prepared->primitive =
      dnnl::softmax_backward(dnnl::softmax_backward::primitive_desc(
          {Layout(o.y), Layout(o.x), 1}, Engine(), ForwardDescription(o)));
  prepared->stream = dnnl::stream(Engine());
  prepared->arguments = {
      {DNNL_ARG_DST, dnnl::memory(Layout(o.x), Engine(), o.x.data)},
      {DNNL_ARG_DIFF_DST,
       dnnl::memory(Layout(o.second), Engine(), o.second.data)},
      {DNNL_ARG_DIFF_SRC, dnnl::memory(Layout(o.y), Engine(), o.y.data)}};
  return Call(prepared);
}

}  // namespace bench
}  // namespace softlane
